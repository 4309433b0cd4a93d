"""One file for each thing that docbuild does not own."""
