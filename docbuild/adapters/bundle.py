"""Bundles: the files of one execution in one archive, the same bytes wherever it was made."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from docbuild.core.fingerprint import FORMAT
from docbuild.errors import FormatError

ROOT = b"@docbuild-project-root@"
"""Stands in a bundle's texts where the project's root stood."""
PAGE = "page.json"
FILES = "files/"
_DATE = (1980, 1, 1, 0, 0, 0)
_KERNEL_PROCESS = re.compile(rb"ipykernel_\d+(?=[/\\])")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What an execution left for its page."""

    page: Mapping[str, Any]
    """What the engine made of it."""
    files: Mapping[str, bytes]
    """By path from the project's root."""


def pack(page: Mapping[str, Any], files: Mapping[str, bytes], places: tuple[str, ...]) -> bytes:
    """Archive a page and its files; `places` are the folders that stood for the project's root."""
    members = {PAGE: json.dumps(page, sort_keys=True, ensure_ascii=False).encode()}
    members |= {FILES + name: data for name, data in files.items()}
    return _archive({name: _portable(name, data, places) for name, data in members.items()})


def unpack(data: bytes, root: str, where: str) -> Bundle:
    """Read an archive; a name that would leave the project's folder is a `FormatError`."""
    page, files = None, {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.comment != _COMMENT:
                raise FormatError("not a bundle of this version", where=where)
            for name in archive.namelist():
                content = _rooted(archive.read(name), root)
                if name == PAGE:
                    page = json.loads(content)
                else:
                    files[_inside(name, where)] = content
    except (zipfile.BadZipFile, ValueError) as error:
        raise FormatError(f"not a bundle: {error}", where=where) from error
    if not isinstance(page, dict):
        raise FormatError("a bundle without a page", where=where)
    return Bundle(page, files)


_COMMENT = f"docbuild {FORMAT}".encode()


def _archive(members: Mapping[str, bytes], comment: bytes = _COMMENT) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = comment
        for name in sorted(members) if comment else members:
            archive.writestr(zipfile.ZipInfo(name, _DATE), members[name])
    return buffer.getvalue()


def _portable(name: str, data: bytes, places: tuple[str, ...]) -> bytes:
    if name.endswith(".zip"):
        return _without_dates(data)
    if not _is_text(data):
        return data
    for place in places:
        data = data.replace(place.encode(), ROOT)
    return _KERNEL_PROCESS.sub(b"ipykernel_0", data)


def _without_dates(data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        return data
    return _archive(members, comment=b"")


def _is_text(data: bytes) -> bool:
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _rooted(data: bytes, root: str) -> bytes:
    return data.replace(ROOT, root.encode()) if ROOT in data else data


def _inside(name: str, where: str) -> str:
    path = PurePosixPath(name.removeprefix(FILES))
    if not name.startswith(FILES) or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise FormatError(f"a bundle with the name {name!r}", where=where)
    return str(path)
