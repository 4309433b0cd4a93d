"""The `notebook` engine inside Sphinx: a Jupyter kernel, the project's own reader and renderer."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import tempfile
import time
import traceback
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
        if execution.failure:
            run = Run(notebook, failure=dict(execution.failure))
            show_failure(notebook, run.failure)
        else:
            run = execute(notebook, renderer.manner(notebook, path), path.parent)
        return {
            "failure": run.failure,
            "page": {
                "notebook": notebook,
                "error": run.error,
                "traceback": run.failure["traceback"] if run.failure else "",
                "seconds": run.seconds,
                "when": time.time(),
            },
        }


@dataclass(slots=True)
class Run:
    """What an execution of a notebook came to; the notebook holds its outputs."""

    notebook: NotebookNode
    failure: dict[str, str] | None = None
    error: str = ""
    """Name of nbclient's exception."""
    seconds: float = 0.0


class TimeIsOver(Exception):
    """The supervisor's word that the tutorial's time limit has passed."""


def execute(notebook: NotebookNode, manner: Manner, folder: Path) -> Run:
    """Execute the notebook in place on a fresh kernel."""
    run = Run(notebook)
    place = tempfile.mkdtemp(prefix="docbuild-") if manner.in_temporary_folder else str(folder)
    at = {"cell": -1}
    started = time.monotonic()
    try:
        _execute(notebook, manner, place, at)
    except Exception as error:
        run.error = type(error).__name__
        run.failure = _failure(notebook, at["cell"], error)
        _print_streams(notebook, at["cell"])
        if not _shows_error(notebook, at["cell"]):
            show_failure(notebook, run.failure)
    finally:
        run.seconds = time.monotonic() - started
        if manner.in_temporary_folder:
            shutil.rmtree(place, ignore_errors=True)
    return run


def _execute(notebook: NotebookNode, manner: Manner, folder: str, at: dict[str, int]) -> None:
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    name = manner.kernel or notebook.metadata.get("kernelspec", {}).get("name") or ""
    sockets = tempfile.mkdtemp(prefix="dbk-")  # short: socket paths end at 108 bytes
    kernel = AsyncKernelManager(
        **({"kernel_name": name} if name else {}),
        transport="ipc",
        ip=os.path.join(sockets, "k"),
        connection_file=os.path.join(sockets, "kernel.json"),
    )
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=int(manner.timeout) if manner.timeout and manner.timeout > 0 else None,
        allow_errors=manner.allow_errors,
        extra_arguments=list(manner.arguments),
        record_timing=False,
        coalesce_streams=True,
        shutdown_kernel="immediate",
        on_cell_start=lambda cell, cell_index: at.update(cell=cell_index),
    )
    try:
        with _interruptible():
            client.execute(cwd=folder, cleanup_kc=True)
    finally:
        shutil.rmtree(sockets, ignore_errors=True)


@contextlib.contextmanager
def _interruptible() -> Any:
    """Turn the supervisor's SIGABRT into an exception where the notebook is being executed."""

    def over(number: int, frame: object) -> None:
        raise TimeIsOver

    before = signal.signal(signal.SIGABRT, over)
    try:
        yield
    finally:
        signal.signal(signal.SIGABRT, before)


_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def _failure(notebook: NotebookNode, index: int, error: Exception) -> dict[str, str]:
    """A failure from nbclient's exception: the cell among the code cells, type and message."""
    kind, message = type(error).__name__, str(error)
    text = _ANSI.sub("", message)
    if hasattr(error, "ename"):
        kind, message = error.ename, error.evalue
        text = _ANSI.sub("", _shown_traceback(notebook, index) or error.traceback)
    elif kind == "NoSuchKernel":
        message = f"no kernel {getattr(error, 'name', '')!r} is installed here"
        text = f"{kind}: {message}"
    elif isinstance(error, TimeIsOver):
        kind, message, text = "TimeoutError", "the tutorial's time limit has passed", ""
    elif not hasattr(error, "args"):
        text = traceback.format_exc()
    number = sum(cell.cell_type == "code" for cell in notebook.cells[: index + 1])
    return {
        "where": f"cell {number}" if index >= 0 else "",
        "type": kind,
        "message": _ANSI.sub("", message).splitlines()[0] if message else "",
        "traceback": text or f"{kind}: {message}",
    }


def _print_streams(notebook: NotebookNode, index: int) -> None:
    """Write what the failing cell wrote to this process's output, which docbuild shows."""
    for output in notebook.cells[index].get("outputs", []) if index >= 0 else []:
        if output.output_type == "stream":
            print(output.text, end="")


def _shown_traceback(notebook: NotebookNode, index: int) -> str:
    outputs = notebook.cells[index].get("outputs", []) if index >= 0 else []
    shown = [output.traceback for output in outputs if output.output_type == "error"]
    return "\n".join(shown[-1]) if shown else ""


def _shows_error(notebook: NotebookNode, index: int) -> bool:
    return bool(_shown_traceback(notebook, index))


def show_failure(notebook: NotebookNode, failure: Mapping[str, str] | None) -> None:
    """Put a failure where a kernel would have put it: among the outputs of its cell."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if failure is None or not code:
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
        return nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    fence = "`" * 8
    return f"---\nfile_format: mystnb\n---\n\n{told}\n{fence}\n{original}\n{fence}\n"
