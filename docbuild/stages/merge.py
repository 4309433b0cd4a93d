"""merge: plan and all results -> site; outputs restored, one Sphinx pass with execution off."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docbuild.adapters.bundle import Bundle, unpack
from docbuild.adapters.project_folder import Project
from docbuild.adapters.sphinx_process import SphinxProcess
from docbuild.adapters.store import FolderStore, write_atomically
from docbuild.adapters.terminal import say
from docbuild.core.plan import Plan
from docbuild.core.result import Result
from docbuild.core.tutorial import Tutorial
from docbuild.errors import OutsideError


def merge(
    project: Project,
    plan: Plan,
    tutorials: Sequence[Tutorial],
    results: Mapping[str, Result],
    *,
    sphinx: SphinxProcess,
    store: FolderStore,
    jobs: int,
) -> Path:
    """Make the site of all results; raises `OutsideError` when the Sphinx pass fails."""
    restorer = Restorer(project, store)
    notes = {skip.id: skip.reason if skip.on_page else "" for skip in plan.skipped}
    known: dict[str, dict[str, str]] = {}
    for tutorial in tutorials:
        if tutorial.id in results:
            known[tutorial.id] = restorer.restore(results[tutorial.id])
        elif not tutorial.skip:
            note = notes[tutorial.id]
            known[tutorial.id] = {"note": f"Not executed: {note}." if note else ""}
    restorer.finish(known, sphinx.site)
    code = sphinx.finish(known, jobs, say)
    if code != 0:
        raise OutsideError(
            f"the Sphinx pass ended with exit code {code}:\n{sphinx.failure()}",
            remedy="the site of the last good build, if there is one, is untouched",
        )
    if sphinx.warnings():
        say(f"\n{sphinx.warnings()}")
    publish_folder(sphinx.site, project.site, project.work / "published.json")
    return project.site


class Restorer:
    """Puts the files of bundles into the mirror, and remembers which, to do it once."""

    def __init__(self, project: Project, store: FolderStore) -> None:
        self.project = project
        self.store = store
        self.place = project.mirror.place
        self.pages = project.work / "pages"
        self._index_path = project.work / "restored.json"
        self._index: dict[str, Any] = _read_json(self._index_path)

    def restore(self, result: Result) -> dict[str, str]:
        """Make a result's files and page be there; what the Sphinx pass is told of it."""
        page = self.pages / f"{hashlib.sha256(result.tutorial.encode()).hexdigest()[:24]}.json"
        before = self._index.get(result.tutorial, {})
        if before.get("bundle") != result.bundle or not self._complete(before, page):
            data = self.store.bundle(result.bundle)
            if data is None:
                raise OutsideError(
                    f"the outputs of {result.tutorial} are not in the store, or not whole",
                    where=str(self.store.folder),
                    remedy="docbuild build --execute=all executes it again",
                )
            bundle = unpack(data, str(self.project.root), f"bundle {result.bundle}")
            self._write(bundle, page, before.get("files", []))
            self._index[result.tutorial] = {"bundle": result.bundle, "files": sorted(bundle.files)}
        return {"page": str(page), "bundle": result.bundle}

    def _complete(self, before: Mapping[str, Any], page: Path) -> bool:
        return page.exists() and all((self.place / name).exists() for name in before["files"])

    def _write(self, bundle: Bundle, page: Path, old: Sequence[str]) -> None:
        write_atomically(page, json.dumps(bundle.page).encode())
        for name in set(old) - set(bundle.files):
            (self.place / name).unlink(missing_ok=True)
        for name, data in bundle.files.items():
            path = self.place / name
            if path.is_symlink() or not path.exists() or path.read_bytes() != data:
                write_atomically(path, data)  # another time would have Sphinx read the page again

    def finish(self, known: Mapping[str, Mapping[str, str]], site: Path) -> None:
        """Forget tutorials that are gone, and their files, also where Sphinx copied them to."""
        for gone in set(self._index) - set(known):
            for name in self._index.pop(gone)["files"]:
                (self.place / name).unlink(missing_ok=True)
                (site / "_images" / Path(name).name).unlink(missing_ok=True)
        write_atomically(self._index_path, json.dumps(self._index).encode())


def publish_folder(made: Path, site: Path, record: Path) -> None:
    """Make `site` what was made: copy what differs, remove what an earlier build put there."""
    before: dict[str, Any] = _read_json(record).get(str(site), {})
    now: dict[str, list[int]] = {}
    for folder, _, names in os.walk(made):
        for name in names:
            path = os.path.join(folder, name)
            state = os.stat(path)
            relative = os.path.relpath(path, made)
            now[relative] = [state.st_size, state.st_mtime_ns]
            target = site / relative
            if before.get(relative) != now[relative] or not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
    for gone in set(before) - set(now):
        (site / gone).unlink(missing_ok=True)
    everywhere = _read_json(record) | {str(site): now}
    write_atomically(record, json.dumps(everywhere).encode())


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return data
