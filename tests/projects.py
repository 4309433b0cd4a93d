"""Small real projects, and the real command line on them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import nbformat
import pytest

OURS = (".docbuild", "_site")


@dataclass
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str
    report: dict[str, Any] = field(default_factory=dict)

    def status(self, tutorial: str) -> str:
        """Status of a tutorial in the report."""
        return str(self.row(tutorial)["status"])

    def row(self, tutorial: str) -> dict[str, Any]:
        """Row of a tutorial in the report."""
        rows: list[dict[str, Any]] = self.report["tutorials"]
        return next(row for row in rows if row["id"] == tutorial)

    def ids(self, *statuses: str) -> set[str]:
        """Tutorials with one of these statuses."""
        return {row["id"] for row in self.report["tutorials"] if row["status"] in statuses}


class Project:
    """A folder with a Sphinx project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.write("pyproject.toml", '[project]\nname = "p"\nversion = "0"\n')

    @property
    def site(self) -> Path:
        return self.root / "_site"

    def write(self, name: str, text: str) -> Path:
        """Write a file; its text is dedented."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
        return path

    def script(self, name: str, code: str, title: str = "") -> None:
        """Write a sphinx-gallery script."""
        title = title or Path(name).stem
        head = f'"""\n{title}\n{"=" * len(title)}\n\nAn introduction.\n"""\n'
        self.write(name, head + textwrap.dedent(code).lstrip("\n"))

    def notebook(self, name: str, *cells: str, **metadata: Any) -> Any:
        """Write a notebook of a title and code cells; returns it."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        told = nbformat.v4.new_markdown_cell(f"# {Path(name).stem}", id="title")
        code = [nbformat.v4.new_code_cell(s, id=f"c{i}") for i, s in enumerate(cells)]
        notebook = nbformat.v4.new_notebook(cells=[told, *code], metadata=kernel | metadata)
        return self.save(name, notebook)

    def save(self, name: str, notebook: Any) -> Any:
        """Write a notebook that a test has changed."""
        nbformat.write(notebook, self.write(name, ""))
        return notebook

    def myst(self, name: str, *cells: str, head: str = "") -> None:
        """Write a MyST notebook of a title and code cells."""
        blocks = "\n".join(f"```{{code-cell}} python\n{c}\n```\n" for c in cells)
        front = f"---\nfile_format: mystnb\nkernelspec:\n  name: python3\n{head}---\n"
        self.write(name, f"{front}# {Path(name).stem}\n\n{blocks}")

    def docbuild(self, *words: str, env: Mapping[str, str] | None = None) -> Done:
        """Run docbuild in the project."""
        done = subprocess.run(
            [sys.executable, "-m", "docbuild", *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            env={**os.environ, **(env or {})},
            timeout=300,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def build(self, *words: str, env: Mapping[str, str] | None = None) -> Done:
        """Run `docbuild build --json`; its report is read."""
        done = self.docbuild("build", "--json", *words, env=env)
        if done.out:
            done.report = json.loads(done.out)
        return done

    def sphinx_build(self, source: str, out: Path, *words: str) -> str:
        """Run plain sphinx-build, then remove what it left in the project; its warnings."""
        before = self.snapshot()
        done = subprocess.run(
            [str(Path(sys.executable).with_name("sphinx-build")), "-q", *words, source, str(out)],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        for name in sorted(set(self.snapshot()) - set(before), reverse=True):
            path = self.root / name
            path.rmdir() if path.is_dir() else path.unlink()
        assert (out / "index.html").exists(), done.stderr
        return str(done.stderr)

    def snapshot(self) -> dict[str, str]:
        """Digests of all files of the project, and its folders, less what docbuild may make."""
        relative = {p.relative_to(self.root): p for p in self.root.rglob("*")}
        return {
            name.as_posix(): _digest(path)
            for name, path in relative.items()
            if name.parts[0] not in OURS
        }

    def page(self, name: str) -> str:
        """The text of a page of the site."""
        return (self.site / f"{name}.html").read_text("utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"


GALLERY_CONF = """
project = "p"
extensions = ["sphinx_gallery.gen_gallery"]
sphinx_gallery_conf = {"examples_dirs": "../examples", "gallery_dirs": "auto_examples"}
"""


def gallery(project: Project, conf: str = "") -> Project:
    """Make it a sphinx-gallery project whose scripts are in `examples`."""
    project.write("docs/conf.py", GALLERY_CONF + textwrap.dedent(conf))
    project.write("docs/index.rst", "P\n=\n\n.. toctree::\n\n   auto_examples/index\n")
    project.write("examples/README.txt", "Gallery\n=======\n")
    return project


def myst_nb(project: Project, conf: str = "") -> Project:
    """Make it a myst-nb project; documents are found by a glob."""
    project.write(
        "docs/conf.py", 'project = "p"\nextensions = ["myst_nb"]\n' + textwrap.dedent(conf)
    )
    project.write("docs/index.md", "# P\n\n```{toctree}\n:glob:\n\n*\n```\n")
    return project


Test = TypeVar("Test", bound=Callable[..., None])


def needs(tool: str) -> Callable[[Test], Test]:
    """Mark a test that needs a system package; skipped by name where that is missing."""
    missing = pytest.mark.skipif(shutil.which(tool) is None, reason=f"needs {tool}")

    def mark(test: Test) -> Test:
        marked: Test = pytest.mark.needs_system_package(missing(test))
        return marked

    return mark
