"""A project's folder once more: whatever is written there never reaches the project."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NOT_SOURCES = frozenset(
    {
        ".docbuild",
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        "__pycache__",
        "node_modules",
    }
)
MOST_ENTRIES = 20_000
"""A folder at the top with more than that (data, say) is linked as a whole."""
LARGEST_COPY = 1 << 20
"""Bytes; a larger file is linked. A copy can be written to, and no path leads out of it."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A folder that has the layout of the project's root."""

    root: Path
    place: Path
    excluded: frozenset[str] = frozenset()
    """Paths from the root that are not mirrored: what the build itself generates."""

    def mirrored(self, path: str | os.PathLike[str]) -> str:
        """A path inside the root as a path inside the mirror; others stay as they are."""
        return _moved(os.fspath(path), self.root, self.place)

    def real(self, path: str | os.PathLike[str]) -> str:
        """A path inside the mirror as a path inside the root; others stay as they are."""
        return _moved(os.fspath(path), self.place, self.root)

    def sync(self) -> None:
        """Make the files what the project's are now; what was generated here stays."""
        record = self.place.with_name(f"{self.place.name}.json")
        before = json.loads(record.read_bytes()) if record.exists() else []
        wanted = dict(self._entries())
        for gone in set(before) - set(wanted):
            (self.place / gone).unlink(missing_ok=True)
        self._align(wanted, keep_generated=True)
        now = sorted(name for name, is_folder in wanted.items() if not is_folder)
        if now != before:
            record.write_text(json.dumps(now))

    def prepare(self) -> Workspace:
        """Make it a place to execute in: all that is there is the project's."""
        self._align(dict(self._entries()), keep_generated=False)
        return Workspace(self, {name: _found(entry) for name, entry in _tree(self.place)})

    def substitute(self, name: str, text: str) -> None:
        """Let another text stand where the project has a file, until the next sync."""
        other = self.place.with_name(f"{self.place.name}-substitutes") / name
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text(text, "utf-8")
        path = self.place / name
        path.unlink()
        path.symlink_to(other)

    def _align(self, wanted: dict[str, bool], *, keep_generated: bool) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        for name, entry in _tree(self.place):
            is_folder = entry.is_dir(follow_symlinks=False)
            if (is_folder and wanted.get(name)) or (
                not is_folder and wanted.get(name) is False and self._is_same(name, entry)
            ):
                del wanted[name]
            elif name in wanted or not keep_generated or entry.is_symlink():
                _remove(entry)
        for name, is_folder in wanted.items():
            path = os.path.join(self.place, name)
            if is_folder:
                os.mkdir(path)
            else:
                _put(os.path.join(self.root, name), path)

    def _is_same(self, name: str, entry: os.DirEntry[str]) -> bool:
        source = os.path.join(self.root, name)
        if entry.is_symlink():
            return os.readlink(entry.path) == source and _is_linked(source)
        return not _is_linked(source) and _state(entry.path) == _state(source)

    def _entries(self) -> Iterator[tuple[str, bool]]:
        """Names from the root of all that is mirrored, and whether each is a real folder."""
        for name, is_folder in self._folder(""):
            if not is_folder:
                yield name, False
                continue
            inside = []
            for entry in self._below(name):
                inside.append(entry)
                if len(inside) > MOST_ENTRIES:
                    yield name, False
                    break
            else:
                yield name, True
                yield from inside

    def _below(self, folder: str) -> Iterator[tuple[str, bool]]:
        for name, is_folder in self._folder(folder):
            yield name, is_folder
            if is_folder:
                yield from self._below(name)

    def _folder(self, folder: str) -> Iterator[tuple[str, bool]]:
        with os.scandir(os.path.join(self.root, folder)) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.name in NOT_SOURCES or name in self.excluded:
                    continue
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                    continue
                yield name, is_folder


@dataclass(frozen=True, slots=True)
class Workspace:
    """A mirror that is put back, after each tutorial, to what it was when it was made."""

    mirror: Mirror
    original: Mapping[str, object]
    """What was found at each path."""

    @property
    def place(self) -> Path:
        """Its folder."""
        return self.mirror.place

    def written(self) -> list[str]:
        """Paths of all files that the project doesn't have."""
        entries = _tree(self.place)
        return [
            n for n, e in entries if n not in self.original and not e.is_dir(follow_symlinks=False)
        ]

    def restore(self) -> None:
        """Take away what is new, put back what was changed or taken away."""
        missing = dict(self.original)
        for name, entry in _tree(self.place):
            if name in missing and missing[name] == _found(entry):
                del missing[name]
            else:
                _remove(entry)
        for name, found in missing.items():
            if found == _FOLDER:
                (self.place / name).mkdir()
            else:
                _put(os.path.join(self.mirror.root, name), os.path.join(self.place, name))


_FOLDER = "folder"


def _found(entry: os.DirEntry[str]) -> object:
    """What tells whether an entry was changed."""
    if entry.is_dir(follow_symlinks=False):
        return _FOLDER
    if entry.is_symlink():
        return "link", os.readlink(entry.path)
    state = entry.stat(follow_symlinks=False)
    return state.st_size, state.st_mtime_ns


def _tree(folder: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All entries below a folder, each folder before what is in it; one may be removed."""
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            with os.scandir(os.path.join(folder, below)) as entries:
                listed = list(entries)
        except FileNotFoundError:
            continue
        for entry in listed:
            name = f"{below}/{entry.name}" if below else entry.name
            yield name, entry
            if entry.is_dir(follow_symlinks=False):
                pending.append(name)


def _is_linked(source: str) -> bool:
    """Whether a file of the project is linked: a large one, a folder, a dead link."""
    return not os.path.isfile(source) or os.stat(source).st_size > LARGEST_COPY


def _state(path: str) -> tuple[int, int]:
    state = os.stat(path)
    return state.st_size, state.st_mtime_ns


def _put(source: str, path: str) -> None:
    if _is_linked(source):
        os.symlink(source, path)
    else:
        shutil.copyfile(source, path)
        shutil.copystat(source, path)


def _remove(entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, ignore_errors=True)
    else:
        os.unlink(entry.path)


def _moved(path: str, old: Path, new: Path) -> str:
    if path == str(old) or path.startswith(f"{old}{os.sep}"):
        return str(new) + path[len(str(old)) :]
    return path
