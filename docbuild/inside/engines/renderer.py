"""What a Sphinx extension that renders notebooks has to tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nbformat import NotebookNode
from sphinx.application import Sphinx


@dataclass(frozen=True, slots=True)
class Manner:
    """How a project wants a notebook executed."""

    skip: str = ""
    """Why docbuild doesn't execute it."""
    kernel: str = ""
    """Empty: what the notebook names, or Jupyter's default."""
    arguments: tuple[str, ...] = ()
    timeout: float | None = None
    """Seconds for one cell."""
    allow_errors: bool = False
    in_temporary_folder: bool = False


class Renderer(Protocol):
    """A Sphinx extension that renders notebooks."""

    version: str

    def documents(self) -> list[str]:
        """Names of the project's documents that it may render as notebooks."""

    def read(self, path: Path) -> NotebookNode | None:
        """The notebook in a file; None when the file is no notebook."""

    def manner(self, notebook: NotebookNode, path: Path) -> Manner:
        """What the project's settings and the notebook itself say of its execution."""

    def adopt(self) -> None:
        """Render results instead of executing."""


def documents_of_kind(app: Sphinx, kind: str) -> list[str]:
    """Names of the documents whose suffix belongs to a parser."""
    suffixes = tuple(s for s, parser in app.config.source_suffix.items() if parser == kind)
    return [
        name
        for name in app.project.docnames
        if str(app.project.doc2path(name, absolute=False)).endswith(suffixes)
    ]
