"""`python -m docbuild` is the command line."""

import sys

from docbuild.cli import main

sys.exit(main())
