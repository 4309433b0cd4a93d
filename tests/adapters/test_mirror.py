"""A project's folder once more, so that what is written there stays there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docbuild.adapters import mirror as module
from docbuild.adapters.mirror import Mirror, Workspace


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    root = tmp_path / "root"
    for name in ("docs/a.rst", "docs/sub/b.rst", "gallery/old.rst", "top.txt", ".git/HEAD"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "large.bin").write_bytes(bytes(module.LARGEST_COPY + 1))
    (root / "venv").mkdir()
    (root / "venv" / "pyvenv.cfg").write_text("")
    return Mirror(root, tmp_path / "mirror", frozenset({"gallery"}))


@pytest.fixture
def workspace(mirror: Mirror) -> Workspace:
    return mirror.prepare()


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_small_files_are_copies_of_the_same_time_and_large_ones_are_links(mirror: Mirror) -> None:
    mirror.sync()
    assert files(mirror.place) == {"docs/a.rst", "docs/sub/b.rst", "large.bin", "top.txt"}
    assert (mirror.place / "large.bin").readlink() == mirror.root / "large.bin"
    copy, original = mirror.place / "docs/a.rst", mirror.root / "docs/a.rst"
    assert copy.resolve() == copy
    assert copy.stat().st_mtime_ns == original.stat().st_mtime_ns


def test_sync_follows_the_project_and_keeps_what_was_generated(mirror: Mirror) -> None:
    mirror.sync()
    (mirror.place / "gallery").mkdir()
    (mirror.place / "gallery/new.rst").write_text("generated")
    (mirror.place / "docs/made.png").write_text("generated")
    (mirror.root / "docs/a.rst").unlink()
    (mirror.root / "docs/c.rst").write_text("new")
    (mirror.root / "docs/sub/b.rst").write_text("changed")
    (mirror.root / "top.txt").unlink()
    (mirror.root / "top.txt").mkdir()

    mirror.sync()

    generated = {"docs/made.png", "gallery/new.rst"}
    assert files(mirror.place) == generated | {"docs/c.rst", "docs/sub/b.rst", "large.bin"}
    assert (mirror.place / "docs/sub/b.rst").read_text() == "changed"
    assert (mirror.place / "top.txt").is_dir()


def test_sync_writes_nothing_twice(mirror: Mirror) -> None:
    mirror.sync()
    before = (mirror.place / "docs/a.rst").stat().st_ino
    mirror.sync()
    assert (mirror.place / "docs/a.rst").stat().st_ino == before


def test_a_workspace_is_put_back_to_what_the_project_is(workspace: Workspace) -> None:
    place, root = workspace.place, workspace.mirror.root
    (place / "docs/a.rst").write_text("overwritten")
    (place / "docs/sub/b.rst").unlink()
    (place / "docs/sub").rmdir()
    (place / "docs/deep/er").mkdir(parents=True)
    (place / "docs/deep/er/x").write_text("x")
    (place / "docs/away").symlink_to(root / "top.txt")
    (place / "large.bin").unlink()
    (place / "large.bin").write_text("replaced")
    assert set(workspace.written()) == {"docs/deep/er/x", "docs/away"}

    workspace.restore()

    assert workspace.written() == []
    assert files(place) == {"docs/a.rst", "docs/sub/b.rst", "large.bin", "top.txt"}
    assert (place / "docs/a.rst").read_text() == "docs/a.rst"
    assert (place / "large.bin").is_symlink()
    assert not (place / "docs/deep").exists()
    assert (root / "docs/a.rst").read_text() == "docs/a.rst"


def test_a_folder_that_became_a_link_is_a_folder_again(workspace: Workspace) -> None:
    folder = workspace.place / "docs/sub"
    (folder / "b.rst").unlink()
    folder.rmdir()
    folder.symlink_to(workspace.mirror.root / "docs/sub")
    workspace.restore()
    assert not folder.is_symlink()
    assert (folder / "b.rst").read_text() == "docs/sub/b.rst"


def test_a_folder_with_very_many_files_is_one_link(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 3)
    (mirror.root / "data").mkdir()
    for number in range(4):
        (mirror.root / "data" / f"{number}.csv").write_text("")
    workspace = mirror.prepare()
    assert (mirror.place / "data").is_symlink()
    assert (mirror.place / "data/2.csv").exists()
    assert not (mirror.place / "docs").is_symlink()
    workspace.restore()
    assert (mirror.root / "data/2.csv").exists()


def test_links_of_the_project_are_followed_or_kept(mirror: Mirror) -> None:
    (mirror.root / "to_file").symlink_to("top.txt")
    (mirror.root / "to_folder").symlink_to("docs")
    (mirror.root / "to_nothing").symlink_to("nowhere")
    mirror.sync()
    mirror.sync()
    assert (mirror.place / "to_file").read_text() == "top.txt"
    assert (mirror.place / "to_folder/a.rst").read_text() == "docs/a.rst"
    assert os.path.lexists(mirror.place / "to_nothing")


def test_paths_are_translated_only_inside(mirror: Mirror) -> None:
    inside = mirror.root / "docs/a.rst"
    assert mirror.mirrored(inside) == str(mirror.place / "docs/a.rst")
    assert mirror.real(mirror.mirrored(inside)) == str(inside)
    beside = f"{mirror.root}-other/a.rst"
    assert mirror.mirrored(beside) == beside


def test_another_text_stands_in_until_the_next_sync(mirror: Mirror) -> None:
    mirror.sync()
    mirror.substitute("docs/a.rst", "stand-in")
    assert (mirror.place / "docs/a.rst").read_text() == "stand-in"
    assert (mirror.root / "docs/a.rst").read_text() == "docs/a.rst"
    mirror.sync()
    assert (mirror.place / "docs/a.rst").read_text() == "docs/a.rst"
    mirror.substitute("docs/a.rst", "stand-in")
    (mirror.root / "docs/a.rst").unlink()
    mirror.sync()
    assert not os.path.lexists(mirror.place / "docs/a.rst")
