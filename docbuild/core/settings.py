"""`[tool.docbuild]` of `pyproject.toml`: every key optional, a misspelt one an error."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from docbuild.core.tutorial import Needs, Tutorial, parse_needs, parse_skip, seconds
from docbuild.errors import UsageError

WHERE = "pyproject.toml, [tool.docbuild]"


@dataclass(frozen=True, slots=True)
class Rule:
    """`[[tool.docbuild.tutorials]]`: what holds for the tutorials that match a glob."""

    match: str
    needs: Needs | None = None
    timeout: float | None = None
    skip: str = ""

    def apply(self, tutorial: Tutorial) -> Tutorial:
        """The tutorial with what this rule adds; what the tutorial says of itself wins."""
        if not fnmatch.fnmatchcase(tutorial.id, self.match):
            return tutorial
        return replace(
            tutorial,
            needs=tutorial.needs if tutorial.needs != Needs() else self.needs or Needs(),
            timeout=tutorial.timeout or self.timeout,
            excused=tutorial.excused or self.skip,
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """The project's settings, as they stand in its file."""

    source: str = ""
    """Folder of the sources; empty: the one with `conf.py`."""
    conf: str = ""
    """Folder of `conf.py`; empty: that of the sources."""
    site: str = "_site"
    store: str = ".docbuild/store"
    jobs: int | None = None
    """Tutorials at a time; None: one for each core."""
    timeout: float = 1800.0
    """Seconds after which a tutorial is ended."""
    preload: tuple[str, ...] | None = None
    """Modules to import before scripts are forked; None: those that many of them import."""
    rules: tuple[Rule, ...] = ()


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{key} can't be {value!r}", where=WHERE, remedy=f'{key} = "..."')
    return value


def _jobs(value: object, key: str) -> int | None:
    if value == "auto":
        return None
    if type(value) is not int or value < 1:
        raise UsageError(f"jobs can't be {value!r}", where=WHERE, remedy='jobs = "auto" or 4')
    return value


def _duration(value: object, key: str) -> float:
    return seconds(value, f"{WHERE}, {key}")


def _preload(value: object, key: str) -> tuple[str, ...] | None:
    if value == "auto":
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        remedy = 'preload = "auto" or ["numpy", "matplotlib.pyplot"]'
        raise UsageError(f"preload can't be {value!r}", where=WHERE, remedy=remedy)
    return tuple(value)


def _rules(value: object, key: str) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        raise UsageError(
            "tutorials is a list of tables", where=WHERE, remedy="[[tool.docbuild.tutorials]]"
        )
    return tuple(_rule(row) for row in value)


_RULES_WHERE = "pyproject.toml, [[tool.docbuild.tutorials]]"
_RULE_KEYS: dict[str, Callable[[Any, str], Any]] = {
    "match": _text,
    "needs": lambda value, key: parse_needs(value, _RULES_WHERE),
    "timeout": lambda value, key: seconds(value, _RULES_WHERE),
    "skip": lambda value, key: parse_skip(value, _RULES_WHERE),
}
_KEYS: dict[str, Callable[[Any, str], Any]] = {
    "source": _text,
    "conf": _text,
    "site": _text,
    "store": _text,
    "jobs": _jobs,
    "timeout": _duration,
    "preload": _preload,
    "tutorials": _rules,
}


def _rule(row: Mapping[str, Any]) -> Rule:
    _reject_unknown(row, _RULE_KEYS, _RULES_WHERE)
    if "match" not in row:
        remedy = 'match = "examples/gpu/*"'
        raise UsageError("a rule needs a glob", where=_RULES_WHERE, remedy=remedy)
    return Rule(**{key: _RULE_KEYS[key](value, key) for key, value in row.items()})


def parse_settings(table: Mapping[str, Any]) -> Settings:
    """Read the table; raises `UsageError` for an unknown key or a value of the wrong kind."""
    _reject_unknown(table, _KEYS, WHERE)
    values = {key: _KEYS[key](value, key) for key, value in table.items()}
    values["rules"] = values.pop("tutorials", ())
    return Settings(**values)


def _reject_unknown(table: Mapping[str, Any], known: Mapping[str, object], where: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
            raise UsageError(f"there is no key {key!r}", where=where, remedy=remedy)
