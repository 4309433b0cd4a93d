"""What finds, executes and restores each kind of tutorial, inside Sphinx."""
