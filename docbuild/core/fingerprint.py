"""Digests of readable lists: the same list feeds the digest and the words that explain it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

FORMAT = 1
"""Version of all that docbuild stores; another one is never read as this."""


@dataclass(frozen=True, slots=True, order=True)
class Ingredient:
    """One named part of what an output depends on."""

    name: str
    value: str


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def key_of(ingredients: Iterable[Ingredient]) -> str:
    """The digest of a list of ingredients, whatever their order."""
    rows = [["docbuild", FORMAT], *sorted([i.name, i.value] for i in ingredients)]
    return digest(json.dumps(rows, separators=(",", ":")).encode())


def stable_text(value: object) -> str:
    """A text of a setting that is the same in every process: no address, no order of a set."""
    if isinstance(value, dict):
        items = sorted((stable_text(k), stable_text(v)) for k, v in value.items())
        return "{" + ", ".join(f"{k}: {v}" for k, v in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(stable_text(v) for v in value) + "]"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(stable_text(v) for v in value)) + "}"
    if value is None or isinstance(value, str | int | float | bool):
        return repr(value)
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{getattr(named, '__module__', '')}.{named.__qualname__}"
