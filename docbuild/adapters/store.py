"""A folder of results by static key, bundles by digest, and what runs took."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from docbuild.core.fingerprint import FORMAT, digest
from docbuild.core.history import Sample
from docbuild.core.result import Result
from docbuild.errors import FormatError, OutsideError

BUILDS_OF_HISTORY = 50


class FolderStore:
    """Many builds may write at once: each record is a file of its own, written whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def results(self, key: str) -> Iterator[Result]:
        """Results under a static key, newest first; what can't be read counts as not there."""
        found = []
        for path in (self.folder / f"v{FORMAT}" / "results" / key[:2] / key).glob("*.json"):
            try:
                found.append(Result.from_json(json.loads(path.read_bytes()), str(path)))
            except (FormatError, ValueError, OSError):
                continue
        return iter(sorted(found, key=lambda result: -result.started))

    def add_result(self, result: Result) -> None:
        """Keep a result; its bundle must be there already."""
        folder = self.folder / f"v{FORMAT}" / "results" / result.key[:2] / result.key
        data = json.dumps(result.to_json(), sort_keys=True, indent=1).encode()
        self._write(folder / f"{digest(data)[:32]}.json", data)

    def bundle(self, name: str) -> bytes | None:
        """The bundle of that digest; None when it is not there or not whole."""
        try:
            data = self._bundle_path(name).read_bytes()
        except OSError:
            return None
        return data if digest(data) == name else None

    def has_bundle(self, name: str) -> bool:
        """Whether there is a bundle of that digest."""
        return self._bundle_path(name).is_file()

    def add_bundle(self, data: bytes) -> str:
        """Keep a bundle; its digest."""
        name = digest(data)
        path = self._bundle_path(name)
        if not path.exists():
            self._write(path, data)
        return name

    def _bundle_path(self, name: str) -> Path:
        return self.folder / f"v{FORMAT}" / "bundles" / name[:2] / f"{name}.zip"

    def history(self) -> list[Sample]:
        """What the executions of the newest builds took."""
        paths = sorted((self.folder / f"v{FORMAT}" / "history").glob("*.json"))
        samples = []
        for path in paths[-BUILDS_OF_HISTORY:]:
            try:
                rows = json.loads(path.read_bytes())
                samples += [Sample(str(t), float(s), float(when)) for t, s, when in rows]
            except (ValueError, TypeError, OSError):
                continue
        return samples

    def add_history(self, samples: Iterable[Sample]) -> None:
        """Keep what a build's executions took."""
        kept = sorted(samples, key=lambda s: s.when)
        if kept:
            rows = [[s.tutorial, round(s.seconds, 3), s.when] for s in kept]
            name = f"{int(kept[-1].when):012d}-{uuid.uuid4().hex[:8]}.json"
            data = json.dumps(rows).encode()
            self._write(self.folder / f"v{FORMAT}" / "history" / name, data)

    def _write(self, path: Path, data: bytes) -> None:
        try:
            write_atomically(path, data)
        except OSError as error:
            raise OutsideError(
                f"the store can't be written: {error}", where=str(self.folder)
            ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
