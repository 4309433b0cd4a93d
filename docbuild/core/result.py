"""What an execution of one tutorial came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from docbuild.core.fingerprint import FORMAT, Ingredient
from docbuild.errors import FormatError


class Outcome(StrEnum):
    """How an execution ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out-of-memory"
    OVER_LIMIT = "over-limit"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class Failure:
    """A tutorial's own error: a value, never an exception of ours."""

    where: str
    """`line 12` of a script, `cell 3` of a notebook; empty where it is not known."""
    type: str
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        text = f"{self.type}: {self.message}" if self.message else self.type
        return f"{self.where}: {text}" if self.where else text


@dataclass(frozen=True, slots=True)
class Usage:
    """What an execution took."""

    seconds: float
    cpu_seconds: float
    peak_memory: int
    """Bytes of the largest of its processes."""


@dataclass(frozen=True, slots=True)
class Result:
    """The record of one execution; its page and files are in the bundle."""

    tutorial: str
    outcome: Outcome
    key: str
    """The tutorial's static key when it was executed."""
    bundle: str
    """Digest of the bundle."""
    usage: Usage
    started: float
    """Unix time in seconds."""
    node_class: str = "cpu"
    slot: int = 1
    attempt: int = 1
    observed: tuple[Ingredient, ...] = ()
    """What it was seen to use: the store's second level."""
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        """Whether it may be reused."""
        return self.outcome is Outcome.PASSED

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in the store."""
        return {
            "format": FORMAT,
            "tutorial": self.tutorial,
            "outcome": self.outcome.value,
            "key": self.key,
            "bundle": self.bundle,
            "seconds": self.usage.seconds,
            "cpu_seconds": self.usage.cpu_seconds,
            "peak_memory": self.usage.peak_memory,
            "started": self.started,
            "node_class": self.node_class,
            "slot": self.slot,
            "attempt": self.attempt,
            "observed": [[i.name, i.value] for i in self.observed],
            "failure": None if self.failure is None else failure_to_json(self.failure),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any], where: str) -> Result:
        """Read a record; anything but a whole one of this format is a `FormatError`."""
        try:
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']}")
            failure = data["failure"]
            return cls(
                tutorial=_text(data["tutorial"]),
                outcome=Outcome(data["outcome"]),
                key=_text(data["key"]),
                bundle=_text(data["bundle"]),
                usage=Usage(
                    float(data["seconds"]), float(data["cpu_seconds"]), int(data["peak_memory"])
                ),
                started=float(data["started"]),
                node_class=_text(data["node_class"]),
                slot=int(data["slot"]),
                attempt=int(data["attempt"]),
                observed=tuple(Ingredient(_text(n), _text(v)) for n, v in data["observed"]),
                failure=None if failure is None else failure_from_json(failure),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"not a result of this version ({error!r})", where=where) from error


def failure_to_json(failure: Failure) -> dict[str, str]:
    """A failure as JSON."""
    return {
        "where": failure.where,
        "type": failure.type,
        "message": failure.message,
        "traceback": failure.traceback,
    }


def failure_from_json(data: dict[str, Any]) -> Failure:
    """A failure from JSON."""
    return Failure(
        where=_text(data["where"]),
        type=_text(data["type"]),
        message=_text(data["message"]),
        traceback=_text(data["traceback"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
