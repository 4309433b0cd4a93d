"""Put other functions in the place of a module's own, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def swapped(owner: Any, **others: Any) -> Iterator[None]:
    """Replace attributes of a module or class inside a `with` block."""
    originals = {name: getattr(owner, name) for name in others}
    try:
        for name, other in others.items():
            setattr(owner, name, other)
        yield
    finally:
        for name, original in originals.items():
            setattr(owner, name, original)
