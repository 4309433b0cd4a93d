"""What the text of a Python script says: its inline metadata and what it imports."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
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


def shared_imports(text: str) -> list[str]:
    """Modules that a script imports at its top level, before it changes its environment.

    What is imported after a change of `os.environ` may depend on it, so it can't be imported
    earlier for everybody.
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return []
    modules: list[str] = []
    for statement in body:
        if isinstance(statement, ast.Import):
            modules += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            modules.append(statement.module)
        elif _touches_environment(statement):
            break
    return sorted(set(modules))


NEVER_PRELOADED = frozenset({"cupy", "dask", "jax", "mpi4py", "ray", "tensorflow"})
"""Packages that start threads, devices or servers: a process can't be forked after that."""


def worth_preloading(imports: Sequence[Sequence[str]], slots: int) -> tuple[str, ...]:
    """Modules that so many scripts import that one import before all of them saves time.

    An import before the fork happens once, while all slots wait; one in each script happens in
    all slots at a time. So it pays for more scripts than slots; a quarter of all keeps out what
    only a few use.
    """
    counts = Counter(module for modules in imports for module in set(modules))
    least = max(slots + 1, len(imports) / 4)
    return tuple(
        sorted(
            module
            for module, count in counts.items()
            if count >= least and module.split(".")[0] not in NEVER_PRELOADED
        )
    )


def _touches_environment(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("environ", "putenv", "setenv")
        for node in ast.walk(statement)
    )
