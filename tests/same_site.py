"""Compare two sites: equal but for run times, addresses, archive dates and the order of timings."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

NOT_PAGES = re.compile(r"^(\.doctrees/|\.buildinfo|reports/.*\.err\.log$)")
NORMALISED = (
    (r"\(\d+ minutes \d+\.\d+ seconds\)", "(TIME)"),  # run times of one script
    (r"\*\*\d+:\d+\.\d+\*\*|\b\d\d:\d\d\.\d{3}\b", "TIME"),  # run times in tables
    (r"<td><p>[\d.]+</p></td>", "<td><p>TIME</p></td>"),  # in myst-nb's table of executions
    (r"<td><p>\d{4}-\d\d-\d\d \d\d:\d\d</p></td>", "<td><p>DATE</p></td>"),
    (r"\bat 0x[0-9a-f]{6,}", "at ADDRESS"),  # addresses of objects
    (r"ipykernel_\d+/", "ipykernel_PID/"),
    (r'"(?:\d{1,3}|0x[0-9a-f]+)": ?(?:\[[\d, ]+\]|\d+),? ?', ""),  # both, in the search index
    (r'\btime="[\d.e-]+"', 'time="TIME"'),  # run times in sphinx-gallery's JUnit file
    (r"\?v=[0-9a-f]{8}", "?v=CHECKSUM"),  # of assets, as they are named in pages
)
ROW = re.compile(
    r"<tr class=\"row-(?:odd|even)\">(.*?)</tr>|^   \* - (:ref:[^\n]*)\n[^\n]*\n[^\n]*\n",
    re.DOTALL | re.M,
)


def differences(one: Path, other: Path) -> list[str]:
    """Names of files that only one of two sites has, or that say different things."""
    ours, theirs = _files(one), _files(other)
    alone = [f"only in one: {name}" for name in sorted(set(ours) ^ set(theirs))]
    common = sorted(set(ours) & set(theirs))
    return alone + [name for name in common if _content(ours[name]) != _content(theirs[name])]


def _files(site: Path) -> dict[str, Path]:
    files = (path for path in site.rglob("*") if path.is_file())
    named = {_name(path.relative_to(site).as_posix()): path for path in files}
    return {name: path for name, path in named.items() if not NOT_PAGES.match(name)}


def _name(name: str) -> str:
    """Downloads are in folders that are named by a digest of their path."""
    return re.sub(r"^_downloads/[0-9a-f]{32}/", "_downloads/", name)


def _content(path: Path) -> object:
    data = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    if path.suffix == ".ipynb":
        return _without_run_times(json.loads(data))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    for pattern, replacement in NORMALISED:
        text = re.sub(pattern, replacement, text)
    text = re.sub(r"_downloads/[0-9a-f]{32}/", "_downloads/", text)
    if path.name.startswith("sg_execution_times"):
        return sorted(ROW.findall(text)), ROW.sub("", text)
    return text


def _without_run_times(notebook: Any) -> Any:
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
    return notebook
