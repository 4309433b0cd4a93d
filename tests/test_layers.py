"""Imports point one way: cli -> pipeline -> stages -> adapters -> core."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import docbuild

PACKAGE = Path(docbuild.__file__).parent
MAY_IMPORT = {
    "core": {"core", "errors"},
    "adapters": {"adapters", "core", "errors"},
    "inside": {"inside", "adapters", "core", "errors"},
    "stages": {"stages", "adapters", "core", "errors"},
    "pipeline": {"stages", "adapters", "core", "errors"},
    "cli": {"pipeline", "stages", "adapters", "core", "errors", "__init__"},
    "__main__": {"cli"},
    "errors": set(),
    "cards": set(),
    "__init__": set(),
}
EFFECTS = {
    *("asyncio", "logging", "multiprocessing", "os", "pathlib", "random", "shutil", "socket"),
    *("subprocess", "tempfile", "threading", "time"),
}


def imports(path: Path) -> Iterator[str]:
    """Names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_every_import_points_towards_the_core() -> None:
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for name in imports(path):
            if name.split(".")[0] == "docbuild":
                target = [*name.split("."), "__init__"][1]
                assert target in MAY_IMPORT[part], f"{path.relative_to(PACKAGE)} imports {name}"


def test_the_core_has_no_effects() -> None:
    for path in (PACKAGE / "core").rglob("*.py"):
        found = EFFECTS & {name.split(".")[0] for name in imports(path)}
        assert not found, f"{path.name} imports {found}"
