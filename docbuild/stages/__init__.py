"""The verbs of a build."""
