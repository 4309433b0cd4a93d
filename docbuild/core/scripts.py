"""What the text of a Python script says: its inline metadata and what it imports."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

INLINE_METADATA = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
)
"""The expression that the inline script metadata specification (PEP 723) gives."""


def inline_metadata(text: str) -> dict[str, Any]:
    """The table `[tool.docbuild]` of a script's `# /// script` block.

    Raises `tomllib.TOMLDecodeError`, a `ValueError`, for a block that is no TOML.
    """
    for match in INLINE_METADATA.finditer(text):
        if match["type"] == "script":
            lines = match["content"].splitlines()
            content = "\n".join(line[2:] if line[1:2] == " " else line[1:] for line in lines)
            table: dict[str, Any] = tomllib.loads(content).get("tool", {}).get("docbuild", {})
            return table
    return {}


def has_code(text: str) -> bool:
    """Whether a block of a script is more than comments."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def without_inline_metadata(text: str) -> str:
    """The text without the block."""
    return INLINE_METADATA.sub("", text)


@dataclass(frozen=True, slots=True)
class Imports:
    """Modules that a script imports at its top level."""

    shared: tuple[str, ...] = ()
    """Those that could be imported earlier, for all scripts at once."""
    configured: tuple[str, ...] = ()
    """Those that come after a change of the environment, and may depend on it."""


def imports_of(text: str) -> Imports:
    """What a script imports; nothing for a text that doesn't parse."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return Imports()
    shared: set[str] = set()
    configured: set[str] = set()
    now = shared
    for statement in body:
        if isinstance(statement, ast.Import):
            now.update(alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            now.add(statement.module)
        elif _touches_environment(statement):
            now = configured
    return Imports(tuple(sorted(shared)), tuple(sorted(configured)))


NEVER_PRELOADED = frozenset({"cupy", "dask", "jax", "mpi4py", "ray", "tensorflow"})
"""Packages that start threads, devices or servers: a process can't be forked after that."""


def worth_preloading(scripts: Sequence[Imports], slots: int) -> tuple[str, ...]:
    """Modules that so many scripts import that one import before all of them saves time.

    An import before the fork happens once, while all slots wait; one in each script happens in
    all slots at a time. So it pays for more scripts than slots; a quarter of all keeps out what
    only a few use. A package that any script configures first is left to each script.
    """
    counts = Counter(module for script in scripts for module in script.shared)
    never = NEVER_PRELOADED | {_package(m) for script in scripts for m in script.configured}
    least = max(slots + 1, len(scripts) / 4)
    return tuple(
        sorted(m for m, count in counts.items() if count >= least and _package(m) not in never)
    )


def _package(module: str) -> str:
    return module.partition(".")[0]


def _touches_environment(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("environ", "putenv", "setenv")
        for node in ast.walk(statement)
    )
