"""The project's folder on disk: where it starts, what its settings are, where docbuild works."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docbuild.adapters.mirror import Mirror
from docbuild.core.settings import Settings, parse_settings
from docbuild.errors import OutsideError, ProjectError, UsageError

SOURCES = (".", "docs", "doc", "docs/source", "doc/source")
ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


@dataclass(frozen=True, slots=True)
class Project:
    """A Sphinx project, and the folders of one build of it; all paths are absolute."""

    root: Path
    source: Path
    conf: Path
    site: Path
    store: Path
    work: Path
    """docbuild's own folder; may be deleted at any time."""
    settings: Settings

    @property
    def mirror(self) -> Mirror:
        """The project as Sphinx sees it."""
        return Mirror(self.root, self.work / "mirror", self._own_folders())

    def workspace(self, slot: int) -> Mirror:
        """The project as a tutorial sees it."""
        return Mirror(self.root, self.work / "slots" / str(slot) / "project", self._own_folders())

    def _own_folders(self) -> frozenset[str]:
        inside = (f for f in (self.site, self.work, self.store) if f.is_relative_to(self.root))
        return frozenset(folder.relative_to(self.root).as_posix() for folder in inside)


def find_project(start: Path, site: Path | None = None) -> Project:
    """The project that a folder belongs to; raises `ProjectError` when there is none or several."""
    start = start.resolve()
    if not start.is_dir():
        raise UsageError(f"{start} is no folder", remedy="give -C an existing folder")
    root = _root(start)
    settings = _read_settings(root)
    source = root / settings.source if settings.source else _find_source(root, start)
    conf = root / settings.conf if settings.conf else source
    for folder, key in ((source, "source"), (conf, "conf")):
        if not folder.resolve().is_relative_to(root) or not folder.is_dir():
            where = "pyproject.toml, [tool.docbuild]"
            raise UsageError(f"{key}: {folder} is no folder of the project", where=where)
    if not (conf / "conf.py").is_file():
        raise ProjectError("there is no conf.py", where=str(conf))
    work = _work_folder(root)
    return Project(
        root=root,
        source=source.resolve(),
        conf=conf.resolve(),
        site=(site or root / settings.site).absolute(),
        store=_store(root, work, settings),
        work=work,
        settings=settings,
    )


def _store(root: Path, work: Path, settings: Settings) -> Path:
    if "://" in settings.store:
        raise UsageError(
            f"store {settings.store!r} is a URL",
            where="pyproject.toml, [tool.docbuild]",
            remedy="this version keeps results in a folder",
        )
    if settings.store == Settings().store:
        return work / "store"
    return (root / settings.store).absolute()


def _root(start: Path) -> Path:
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in ROOT_MARKS):
            return folder
    return start


def _read_settings(root: Path) -> Settings:
    path = root / "pyproject.toml"
    if not path.exists():
        return Settings()
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"no TOML: {error}", where=str(path)) from error
    return parse_settings(data.get("tool", {}).get("docbuild", {}))


def _find_source(root: Path, start: Path) -> Path:
    if (start / "conf.py").is_file():
        return start
    found = [folder for folder in SOURCES if (root / folder / "conf.py").is_file()]
    if not found:
        raise ProjectError(
            "there is no Sphinx project: no conf.py in . docs doc docs/source doc/source",
            where=str(root),
            remedy='run docbuild in the project, or set source = "FOLDER" in [tool.docbuild]',
        )
    if len(found) > 1:
        raise ProjectError(
            f"there are several Sphinx projects: {', '.join(found)}",
            where=str(root),
            remedy='say which: source = "FOLDER" in [tool.docbuild] of pyproject.toml',
        )
    return (root / found[0]).resolve()


def _work_folder(root: Path) -> Path:
    """`.docbuild` in the project; for one that can't be written, a folder of the user's cache."""
    work = root / ".docbuild"
    try:
        work.mkdir(exist_ok=True)
        if not os.access(work, os.W_OK):
            raise PermissionError(work)
    except OSError:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        name = f"{root.name}-{hashlib.sha256(str(root).encode()).hexdigest()[:12]}"
        work = cache / "docbuild" / name
        work.mkdir(parents=True, exist_ok=True)
    for name, text in (
        (".gitignore", "*\n"),
        ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
    ):
        if not (work / name).exists():
            (work / name).write_text(text)
    return work


@contextmanager
def locked(project: Project) -> Iterator[None]:
    """Keep other builds out of the work folder."""
    with (project.work / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutsideError(
                "another build of this project is running",
                where=str(project.work),
                remedy="wait for it, or build another checkout",
            ) from error
        yield
