"""What is put into notebooks: kept outputs, failures and notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode


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
