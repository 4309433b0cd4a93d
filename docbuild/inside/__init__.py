"""Code that runs elsewhere: in the Sphinx process and in the processes of tutorials."""
