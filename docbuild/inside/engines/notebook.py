"""The `notebook` engine inside Sphinx: a Jupyter kernel, the project's own reader and renderer."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from docbuild.inside.engines.notebook_pages import placeholder, show_failure
from docbuild.inside.engines.renderer import Manner, Renderer
from docbuild.inside.session import Execution, Session


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
