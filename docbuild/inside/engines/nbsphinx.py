"""nbsphinx inside Sphinx: its settings, and its executor that we replace by results."""

from __future__ import annotations

import collections.abc
from pathlib import Path
from typing import Any

import nbconvert.preprocessors
import nbformat
import nbsphinx
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util import import_object

from docbuild.inside.engines.notebook_pages import add_note, restore
from docbuild.inside.engines.renderer import Manner, documents_of_kind
from docbuild.inside.session import Session
from docbuild.inside.swap import swapped


class NbSphinx:
    """Notebooks as nbsphinx reads and renders them."""

    version = f"nbsphinx {nbsphinx.__version__}"

    def __init__(self, app: Sphinx, session: Session) -> None:
        self.app = app
        self.session = session

    def documents(self) -> list[str]:
        """Documents with a suffix of nbsphinx's."""
        return documents_of_kind(self.app, "jupyter_notebook")

    def read(self, path: Path) -> NotebookNode | None:
        """Read with nbformat, or the project's converter for this suffix."""
        text = path.read_text("utf-8")
        for suffix, converter in self.app.config.nbsphinx_custom_formats.items():
            if str(path).endswith(suffix):
                return _convert(converter, text)
        return nbformat.reads(text, as_version=4)

    def manner(self, notebook: NotebookNode, path: Path) -> Manner:
        """`nbsphinx_*`, and what the notebook overrides of them."""
        config = self.app.config
        own = notebook.metadata.get("nbsphinx", {})
        return Manner(
            skip=_skip(notebook, own.get("execute", config.nbsphinx_execute)),
            kernel=config.nbsphinx_kernel_name,
            arguments=tuple(config.nbsphinx_execute_arguments),
            timeout=own.get("timeout", config.nbsphinx_timeout),
            allow_errors=own.get("allow_errors", config.nbsphinx_allow_errors),
        )

    def adopt(self) -> None:
        """Hand out results where nbsphinx would execute; the rest of its road stays its own."""
        export = nbsphinx.Exporter.from_notebook_node

        def from_notebook_node(exporter: Any, *args: Any, **options: Any) -> Any:
            with swapped(nbconvert.preprocessors, ExecutePreprocessor=lambda **settings: self):
                return export(exporter, *args, **options)

        nbsphinx.Exporter.from_notebook_node = from_notebook_node

    def preprocess(self, notebook: NotebookNode, resources: Any) -> Any:
        """Do what `ExecutePreprocessor` would: give the notebook its outputs."""
        path = self.app.project.doc2path(resources["nbsphinx_docname"], absolute=True)
        known = self.session.known[self.session.id_of(path)]
        if known.page:
            restore(notebook, known.load())
        elif known.note:
            add_note(notebook, known.note)
        return notebook, resources


def _convert(converter: Any, text: str) -> NotebookNode:
    options: dict[str, Any] = {}
    if isinstance(converter, collections.abc.Sequence) and not isinstance(converter, str):
        converter, options = converter
    if isinstance(converter, str):
        converter = import_object(converter)
    notebook: NotebookNode = converter(text, **options)
    return notebook


def _skip(notebook: NotebookNode, execute: str) -> str:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if execute == "never":
        return "nbsphinx_execute is never"
    if not any(cell.source for cell in code):
        return "it has no code"
    if execute == "auto" and any(cell.get("outputs") or cell.execution_count for cell in code):
        return "its outputs are in the file"
    return ""
