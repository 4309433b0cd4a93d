"""Bundles and the store: the same bytes from the same outputs, nothing that can't be trusted."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from docbuild.adapters.bundle import pack, unpack
from docbuild.adapters.store import FolderStore
from docbuild.core.history import Sample
from docbuild.core.result import Outcome, Result, Usage
from docbuild.errors import FormatError

KEY = "ab" * 32


def result(bundle: str, started: float = 1.0) -> Result:
    return Result("a.py", Outcome.PASSED, KEY, bundle, Usage(1.0, 1.0, 1), started=started)


def archive(date: tuple[int, int, int, int, int, int], **members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in members.items():
            made.writestr(zipfile.ZipInfo(name, date), text)
    return buffer.getvalue()


def test_the_same_outputs_make_the_same_bundle_wherever_they_were_made() -> None:
    def made(root: str, year: int, process: int) -> bytes:
        files = {
            "docs/a.rst": f"{root}/a.py:3: Warning\n/tmp/ipykernel_{process}/1.py".encode(),
            "docs/a.zip": archive((year, 1, 2, 3, 4, 6), inner="text"),
        }
        return pack({"text": f"in {root}/docs"}, files, (root,))

    assert made("/home/me/project", 2024, 77) == made("/ci/build/42", 2025, 123456)
    assert made("/a", 2024, 1) != pack({"text": "in /a/docs"}, {}, ("/a",))


def test_a_bundle_comes_back_with_the_root_of_whoever_reads_it() -> None:
    data = pack({"note": "see /old/x"}, {"a.rst": b"/old/a.py", "a.png": b"\0/old"}, ("/old",))
    bundle = unpack(data, "/new", "here")
    assert bundle.page == {"note": "see /new/x"}
    assert bundle.files == {"a.rst": b"/new/a.py", "a.png": b"\0/old"}


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil"])
def test_a_name_that_leaves_the_project_is_refused(name: str) -> None:
    with pytest.raises(FormatError, match="evil"):
        unpack(pack({}, {name: b""}, ()), "/root", "here")


@pytest.mark.parametrize("data", [b"", b"no zip", archive((1980, 1, 1, 0, 0, 0), page="{}")])
def test_what_is_no_bundle_of_this_version_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match="here"):
        unpack(data, "/root", "here")


def test_results_come_back_newest_first(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for started in (2.0, 3.0, 1.0):
        store.add_result(result("b", started))
    assert [found.started for found in store.results(KEY)] == [3.0, 2.0, 1.0]
    assert list(store.results("cd" * 32)) == []


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 999}'])
def test_a_damaged_record_counts_as_not_there(tmp_path: Path, damage: bytes) -> None:
    store = FolderStore(tmp_path)
    store.add_result(result("b"))
    store.add_result(result("b", started=2.0))
    next(tmp_path.rglob("results/**/*.json")).write_bytes(damage)
    assert len(list(store.results(KEY))) == 1


def test_a_bundle_with_another_digest_than_its_name_is_not_handed_out(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    name = store.add_bundle(b"content")
    assert store.bundle(name) == b"content"
    next(tmp_path.rglob(f"{name}.zip")).write_bytes(b"changed")
    assert store.bundle(name) is None


def test_history_is_what_all_builds_took(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.add_history([Sample("a", 1.5, 10.0), Sample("b", 2.0, 11.0)])
    store.add_history([Sample("a", 3.0, 20.0)])
    store.add_history([])
    assert sorted(store.history(), key=lambda s: s.when) == [
        Sample("a", 1.5, 10.0),
        Sample("b", 2.0, 11.0),
        Sample("a", 3.0, 20.0),
    ]


def test_no_part_of_a_file_stays_behind(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.add_result(replace(result(store.add_bundle(b"x")), slot=2))
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".zip"}
