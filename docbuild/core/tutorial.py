"""What a tutorial is, and what it asks of whoever executes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from docbuild.core.fingerprint import Ingredient, key_of
from docbuild.core.scripts import Imports
from docbuild.errors import UsageError

METADATA_KEYS = ("needs", "skip", "timeout")


class Engine(StrEnum):
    """What executes a tutorial."""

    GALLERY = "gallery"
    NOTEBOOK = "notebook"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a tutorial asks of the node that executes it."""

    gpus: int = 0

    def __str__(self) -> str:
        return f"{self.gpus} GPU{'s' if self.gpus > 1 else ''}" if self.gpus else ""


@dataclass(frozen=True, slots=True)
class Tutorial:
    """One executable document of a project."""

    id: str
    """Its path from the project's root, with forward slashes."""
    engine: Engine
    page: str
    """The name of its document in the Sphinx project."""
    needs: Needs = Needs()
    timeout: float | None = None
    """Seconds after which its execution is ended; None leaves it to the project's limit."""
    skip: str = ""
    """Why its engine doesn't execute it; empty when it does."""
    excused: str = ""
    """Why the project doesn't want it executed, though its engine would; its page says so."""
    unreadable: str = ""
    """Why its engine can't read it; empty when it can."""
    expected_failure: bool = False
    imports: Imports = Imports()
    ingredients: tuple[Ingredient, ...] = ()
    """What can be known before execution of all that its output depends on."""

    @property
    def key(self) -> str:
        """The static key: the store's first level."""
        return key_of(self.ingredients)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a tutorial says of itself, in its own file."""

    needs: Needs = Needs()
    timeout: float | None = None
    skip: str = ""

    @classmethod
    def parse(cls, data: Mapping[str, Any], where: str) -> Metadata:
        """Read a `[tool.docbuild]` table, `metadata.docbuild` or the front matter's `docbuild`."""
        for key in data:
            if key not in METADATA_KEYS:
                raise UsageError(
                    f"docbuild does not know the setting {key!r}",
                    where=where,
                    remedy=f"known settings of a tutorial: {', '.join(METADATA_KEYS)}",
                )
        return cls(
            needs=parse_needs(data.get("needs", {}), where),
            timeout=seconds(data["timeout"], where) if "timeout" in data else None,
            skip=parse_skip(data.get("skip", ""), where),
        )


def parse_needs(data: object, where: str) -> Needs:
    """Read `needs = {gpus = 1}`."""
    if not isinstance(data, Mapping) or set(data) - {"gpus"}:
        raise UsageError(f"needs can't be {data!r}", where=where, remedy="needs = {gpus = 1}")
    gpus = data.get("gpus", 0)
    if type(gpus) is not int or gpus < 0:
        raise UsageError(f"gpus can't be {gpus!r}", where=where, remedy="needs = {gpus = 1}")
    return Needs(gpus=gpus)


def parse_skip(data: object, where: str) -> str:
    """Read `skip = "reason"` or `skip = {reason = "..."}`."""
    reason = data.get("reason", "") if isinstance(data, Mapping) else data
    unknown = set(data) - {"reason"} if isinstance(data, Mapping) else set()
    if not isinstance(reason, str) or unknown or (data and not reason):
        raise UsageError(f"skip can't be {data!r}", where=where, remedy='skip = {reason = "why"}')
    return reason


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(value: object, where: str) -> float:
    """Read a duration, `90`, `"90s"`, `"30m"` or `"2h"`, as seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    if isinstance(value, str) and value[-1:] in _UNITS:
        try:
            number = float(value[:-1])
        except ValueError:
            number = 0.0
        if number > 0:
            return number * _UNITS[value[-1]]
    raise UsageError(f"{value!r} is no duration", where=where, remedy='write "90s", "30m" or "2h"')
