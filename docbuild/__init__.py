"""docbuild builds executable documentation: discover, plan, execute, merge."""

__version__ = "0.1.0"
