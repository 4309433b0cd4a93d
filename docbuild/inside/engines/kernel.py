"""One notebook on one fresh kernel, in the process that belongs to it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from docbuild.inside.engines.notebook_pages import show_failure
from docbuild.inside.engines.renderer import Manner


class TimeIsOverError(Exception):
    """The supervisor's word that the tutorial's time limit has passed."""


def execute(
    notebook: NotebookNode, manner: Manner, folder: Path
) -> tuple[dict[str, str] | None, str]:
    """Execute the notebook in place; the failure, which it shows, and nbclient's name for it."""
    place = tempfile.mkdtemp(prefix="docbuild-") if manner.in_temporary_folder else str(folder)
    at = {"cell": -1}
    try:
        _execute(notebook, manner, place, at)
    except Exception as error:
        failure = _failure(notebook, at["cell"], error)
        _print_streams(notebook, at["cell"])
        if not _shown_traceback(notebook, at["cell"]):
            show_failure(notebook, failure)
        return failure, type(error).__name__
    finally:
        if manner.in_temporary_folder:
            shutil.rmtree(place, ignore_errors=True)
    return None, ""


def _execute(notebook: NotebookNode, manner: Manner, folder: str, at: dict[str, int]) -> None:
    logging.getLogger("traitlets").setLevel(logging.WARNING)
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
def _interruptible() -> Iterator[None]:
    """Turn the supervisor's SIGABRT into an exception where the notebook is being executed."""

    def over(number: int, frame: object) -> None:
        raise TimeIsOverError

    before = signal.signal(signal.SIGABRT, over)
    try:
        yield
    finally:
        signal.signal(signal.SIGABRT, before)


_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def _failure(notebook: NotebookNode, index: int, error: Exception) -> dict[str, str]:
    """A failure from nbclient's exception: the cell among the code cells, type and message."""
    kind, message, shown = type(error).__name__, str(error), ""
    if isinstance(error, CellExecutionError):
        kind, message = error.ename, error.evalue
        shown = _shown_traceback(notebook, index) or error.traceback
    elif isinstance(error, NoSuchKernel):
        message = f"no kernel {error.name!r} is installed here"
    elif isinstance(error, TimeIsOverError):
        kind, message = "TimeoutError", "the tutorial's time limit has passed"
    number = sum(cell.cell_type == "code" for cell in notebook.cells[: index + 1])
    return {
        "where": f"cell {number}" if index >= 0 else "",
        "type": kind,
        "message": _ANSI.sub("", message).partition("\n")[0],
        "traceback": _ANSI.sub("", shown or f"{kind}: {message}"),
    }


def _print_streams(notebook: NotebookNode, index: int) -> None:
    """Write what the failing cell wrote to this process's output, which docbuild shows."""
    for output in notebook.cells[index].get("outputs", []) if index >= 0 else []:
        if output.output_type == "stream":
            print(output.text, end="")


def _shown_traceback(notebook: NotebookNode, index: int) -> str:
    outputs = notebook.cells[index].get("outputs", []) if index >= 0 else []
    shown = [output.traceback for output in outputs if output.output_type == "error"]
    return str("\n".join(shown[-1])) if shown else ""
