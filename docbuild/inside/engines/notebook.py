"""The `notebook` engine inside Sphinx: a Jupyter kernel, the project's own reader and renderer."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import nbformat
from nbformat import NotebookNode
from sphinx.application import Sphinx

from docbuild.inside.session import Execution, Session


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


class NotebookEngine:
    """Finds and executes notebooks."""

    def __init__(self, app: Sphinx, session: Session, renderers: list[Renderer]) -> None:
        self.app = app
        self.session = session
        self.renderers = renderers
        self._by_id: dict[str, tuple[Renderer, str]] = {}
        self._unreadable: set[str] = set()

    def describe(self) -> list[dict[str, Any]]:
        """Every notebook of the project, as docbuild wants to know it."""
        described = []
        for renderer in self.renderers:
            for document in sorted(renderer.documents()):
                path = Path(self.app.project.doc2path(document, absolute=True))
                found = self._describe(renderer, document, path)
                if found:
                    described.append(found)
                    self._by_id[found["id"]] = (renderer, document)
        return described

    def _describe(self, renderer: Renderer, document: str, path: Path) -> dict[str, Any] | None:
        manner, metadata, unreadable = Manner(), {}, ""
        try:
            notebook = renderer.read(path)
            if notebook is None:
                return None
            manner = renderer.manner(notebook, path)
            metadata = notebook.metadata.get("docbuild", {})
        except Exception as error:
            unreadable = f"{type(error).__name__}: {error}"
            self._unreadable.add(self.session.id_of(path))
            stand_in = placeholder(path, unreadable)
            self.session.mirror.substitute(self.session.id_of(path), stand_in)
        return {
            "id": self.session.id_of(path),
            "engine": "notebook",
            "page": document,
            "skip": manner.skip,
            "unreadable": unreadable,
            "expected_failure": False,
            "metadata": metadata,
            "imports": [],
            "ingredients": {
                "engine": renderer.version,
                "settings": repr(manner),
                "page": document,
            },
        }

    def execute(self, execution: Execution) -> dict[str, Any]:
        """Execute a notebook on a kernel below this process, in its workspace."""
        renderer, document = self._by_id[execution.tutorial]
        path = Path(self.app.project.doc2path(document, absolute=True))
        if execution.tutorial not in self._unreadable:
            path = Path(execution.workspace.mirrored(self.session.mirror.real(path)))
        notebook = renderer.read(path)
        assert notebook is not None
        failure, raised, seconds = execution.failure, "", 0.0
        if failure:
            show_failure(notebook, failure)
            raised = failure["type"]
        else:
            from docbuild.inside.engines.kernel import execute

            started = time.monotonic()
            failure, raised = execute(notebook, renderer.manner(notebook, path), path.parent)
            seconds = time.monotonic() - started
        page = {
            "notebook": notebook,
            "raised": raised,
            "traceback": failure["traceback"] if failure else "",
            "seconds": seconds,
            "when": time.time(),
        }
        return {"failure": failure, "page": page}

    def prepare(self) -> None:
        """Import what every execution needs; it takes longer than many a notebook."""
        importlib.import_module("docbuild.inside.engines.kernel")


def show_failure(notebook: NotebookNode, failure: Mapping[str, str]) -> None:
    """Put a failure where a kernel would have put it: among the outputs of its cell."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code:
        return
    match = re.match(r"cell (\d+)$", failure["where"])
    cell = code[min(int(match[1]), len(code)) - 1] if match else code[0]
    cell.outputs = [
        *cell.get("outputs", []),
        nbformat.v4.new_output(
            "error",
            ename=failure["type"],
            evalue=failure["message"],
            traceback=failure["traceback"].splitlines(),
        ),
    ]


def restore(notebook: NotebookNode, page: Mapping[str, Any]) -> None:
    """Put what was kept into a notebook that was read anew."""
    kept = nbformat.from_dict(page["notebook"])
    if [cell.source for cell in notebook.cells] != [cell.source for cell in kept.cells]:
        raise ValueError("the kept outputs belong to another text of this notebook")
    for cell, executed in zip(notebook.cells, kept.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = executed.outputs
            cell.execution_count = executed.execution_count
    for key in ("language_info", "widgets"):
        if key in kept.metadata:
            notebook.metadata[key] = kept.metadata[key]


def add_note(notebook: NotebookNode, note: str) -> None:
    """Say on the page why it was not executed."""
    html = f'<div class="admonition note"><p class="admonition-title">Note</p><p>{note}</p></div>'
    for cell in notebook.cells:
        if cell.cell_type == "code":
            data = {"text/html": html, "text/plain": note}
            cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
            return


def placeholder(path: Path, problem: str) -> str:
    """A notebook that can be read, in the place of one that can't; its page shows the original."""
    original = path.read_text("utf-8", errors="replace")
    told = f"# {path.name}\n\nThis notebook can't be read.\n\n```\n{problem}\n```\n"
    if path.suffix == ".ipynb":
        cells = [
            nbformat.v4.new_markdown_cell(told, id="told"),
            nbformat.v4.new_raw_cell(original, id="text"),
        ]
        return str(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))
    fence = "`" * 8
    return f"---\nfile_format: mystnb\n---\n\n{told}\n{fence}\n{original}\n{fence}\n"
