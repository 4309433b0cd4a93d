"""Who executes what, and what is already known: the object that every node reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docbuild.core.fingerprint import FORMAT, digest
from docbuild.core.history import guess
from docbuild.core.tutorial import Tutorial


@dataclass(frozen=True, slots=True)
class Shard:
    """The tutorials dealt to one node, in the order of their execution."""

    id: str
    node_class: str
    seconds: float
    tutorials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A tutorial that this build doesn't execute, and why."""

    id: str
    reason: str
    on_page: bool = False
    """Whether its page says so; what its engine wouldn't execute anyway looks as ever."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build will do with each tutorial of the project."""

    shards: tuple[Shard, ...]
    reused: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    estimates: Mapping[str, float]
    """Seconds by tutorial, for those to be executed of which something is known."""
    store: str
    keys: Mapping[str, str]
    """Static keys by tutorial: a digest of the sources that the plan was made of."""

    @property
    def to_execute(self) -> tuple[str, ...]:
        """The tutorials of all shards."""
        return tuple(t for shard in self.shards for t in shard.tutorials)

    def to_json(self) -> dict[str, Any]:
        """The plan as it is printed and written."""
        body = {
            "format": FORMAT,
            "shards": [
                {
                    "id": s.id,
                    "class": s.node_class,
                    "seconds": round(s.seconds, 3),
                    "tutorials": list(s.tutorials),
                }
                for s in self.shards
            ],
            "reused": list(self.reused),
            "skipped": [{"id": s.id, "reason": s.reason} for s in self.skipped],
            "store": self.store,
            "keys": dict(sorted(self.keys.items())),
        }
        return {**body, "digest": digest(json.dumps(body, sort_keys=True).encode())}


def longest_first(tutorials: Iterable[Tutorial], known: Mapping[str, float]) -> list[str]:
    """The order of execution on one node: those that never ran, then the longest.

    What is not known may be the longest of all, so it starts first; ties go by name.
    """

    def rank(tutorial: Tutorial) -> tuple[int, int, str]:
        if tutorial.id not in known:
            return (0, -_milliseconds(guess(tutorial.id, known) or 0.0), tutorial.id)
        return (1, -_milliseconds(known[tutorial.id]), tutorial.id)

    return [t.id for t in sorted(tutorials, key=rank)]


def makespan(seconds: Iterable[float], slots: int) -> float:
    """Seconds until the last of these ends, each given to the slot that is free first."""
    ends = [0.0] * slots
    for duration in seconds:
        first = min(range(slots), key=lambda slot: ends[slot])
        ends[first] += duration
    return max(ends)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
