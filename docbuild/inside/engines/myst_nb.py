"""myst-nb inside Sphinx: its reader, its settings, and its client that we replace by results."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import myst_nb
from myst_nb import sphinx_
from myst_nb.core.config import NbParserConfig
from myst_nb.core.execute.base import NotebookClientBase
from myst_nb.core.nb_to_tokens import nb_node_to_dict
from myst_nb.core.read import create_nb_reader
from myst_nb.sphinx_ext import create_mystnb_config
from myst_parser.sphinx_ext.main import create_myst_config
from nbformat import NotebookNode
from sphinx.application import Sphinx

from docbuild.inside.engines.notebook_pages import add_note, restore
from docbuild.inside.engines.renderer import Manner, documents_of_kind
from docbuild.inside.session import Session

_MODES = {
    "off": "nb_execution_mode is off",
    "inline": "executed by Sphinx itself (nb_execution_mode is inline)",
}


class MystNb:
    """Notebooks as myst-nb reads and renders them."""

    version = f"myst-nb {myst_nb.__version__}"

    def __init__(self, app: Sphinx, session: Session) -> None:
        self.app = app
        self.session = session

    def _settings(self) -> NbParserConfig:
        env: Any = self.app.env
        if not hasattr(env, "mystnb_config"):  # its own turn at builder-inited comes later
            create_myst_config(self.app)  # type: ignore[no-untyped-call]
            create_mystnb_config(self.app)
        config: NbParserConfig = env.mystnb_config
        return config

    def documents(self) -> list[str]:
        """Documents with a suffix of myst-nb's."""
        return documents_of_kind(self.app, "myst-nb")

    def read(self, path: Path) -> NotebookNode | None:
        """Read with myst-nb's own reader, kernel aliases applied."""
        text = path.read_text("utf-8")
        env: Any = self.app.env
        settings = self._settings()
        reader = create_nb_reader(str(path), env.myst_config, settings, text)
        if reader is None:
            return None
        notebook = reader.read(text)
        kernel = notebook.metadata.get("kernelspec", {}).get("name")
        for pattern, alias in settings.kernel_rgx_aliases.items():
            if kernel is not None and re.fullmatch(pattern, kernel):
                notebook.metadata["kernelspec"]["name"] = alias
                break
        return notebook

    def manner(self, notebook: NotebookNode, path: Path) -> Manner:
        """`nb_execution_*`, and what the notebook overrides of them."""
        settings = self._settings()
        if settings.metadata_key in notebook.metadata:
            overrides = nb_node_to_dict(notebook.metadata[settings.metadata_key])
            overrides.pop("output_folder", None)
            settings = settings.copy(**overrides)
        cells = notebook.metadata.get("execution", {})
        return Manner(
            skip=self._skip(notebook, path, settings),
            timeout=cells.get("timeout", settings.execution_timeout),
            allow_errors=cells.get("allow_errors", settings.execution_allow_errors),
            in_temporary_folder=settings.execution_in_temp,
        )

    def _skip(self, notebook: NotebookNode, path: Path, settings: NbParserConfig) -> str:
        real = PurePosixPath(self.session.mirror.real(path))
        for pattern in settings.execution_excludepatterns:
            if real.match(pattern):
                return f"excluded by nb_execution_excludepatterns, {pattern!r}"
        if settings.execution_mode in _MODES:
            return _MODES[settings.execution_mode]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if settings.execution_mode == "auto" and all(cell.outputs for cell in code):
            return "all its outputs are in the file" if code else "it has no code"
        return "" if code else "it has no code"

    def adopt(self) -> None:
        """Hand out results where myst-nb would create a client that executes."""
        create_client = sphinx_.create_client

        def client(
            notebook: NotebookNode,
            source: str,
            config: Any,
            logger: Any,
            *rest: Any,
            **options: Any,
        ) -> NotebookClientBase:
            known = self.session.known.get(self.session.id_of(source))
            if known is None:
                return create_client(notebook, source, config, logger, *rest, **options)
            if known.page:
                page = known.load()
                return Restored(notebook, Path(source), config, logger, page=page)
            if known.note:
                add_note(notebook, known.note)
            return NotebookClientBase(notebook, Path(source), config, logger)

        sphinx_.create_client = client


class Restored(NotebookClientBase):  # type: ignore[misc]
    """A client that has the outputs already."""

    def start_client(self) -> None:
        """Take the outputs of the execution, and tell myst-nb of it as its own clients do."""
        page = self._kwargs["page"]
        restore(self.notebook, page)
        self.exec_metadata = {
            "mtime": page["when"],
            "runtime": page["seconds"],
            "method": self.nb_config.execution_mode,
            "succeeded": not page["raised"],
            "error": page["raised"] or None,
            "traceback": page["traceback"] or None,
        }
