"""The errors that are docbuild's own or its user's; a tutorial's error is a `Failure`, a value."""

from __future__ import annotations

from typing import ClassVar


class DocbuildError(Exception):
    """An error that ends a command: what went wrong, where, and what the user can do about it."""

    exit_code: ClassVar[int] = 3

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  {self.remedy}" if self.remedy else text


class UsageError(DocbuildError):
    """The command line or the configuration asks for something that is not there."""

    exit_code = 2


class ProjectError(DocbuildError):
    """There is no project, no tutorial, or its `conf.py` can't be loaded."""

    exit_code = 2


class FormatError(DocbuildError):
    """A file that docbuild reads is not what it has to be."""

    exit_code = 3


class OutsideError(DocbuildError):
    """Something outside failed: the Sphinx pass, the store, a missing tool."""

    exit_code = 3
