"""What a build came to, for people and for `--json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docbuild.core.plan import Plan
from docbuild.core.result import Result, failure_to_json
from docbuild.core.tutorial import Tutorial


@dataclass(frozen=True, slots=True)
class Entry:
    """One tutorial of the report."""

    tutorial: Tutorial
    status: str
    """The outcome of this build's execution, or reused, or skipped."""
    result: Result | None = None
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether this build executed it and it did not pass."""
        return self.status not in ("passed", "reused", "skipped")

    def to_json(self) -> dict[str, Any]:
        """Its row of `--json`."""
        row: dict[str, Any] = {
            "id": self.tutorial.id,
            "engine": self.tutorial.engine.value,
            "status": self.status,
            "seconds": round(self.result.usage.seconds, 3) if self.result else None,
        }
        if self.reason:
            row["reason"] = self.reason
        if self.result and self.result.failure:
            row["failure"] = failure_to_json(self.result.failure)
        return row


@dataclass(frozen=True, slots=True)
class Report:
    """One build."""

    site: str
    entries: Sequence[Entry]

    def count(self, *statuses: str) -> int:
        """How many tutorials have one of these statuses."""
        return sum(entry.status in statuses for entry in self.entries)

    @property
    def failed(self) -> list[Entry]:
        """Those that this build executed and that did not pass."""
        return [entry for entry in self.entries if entry.failed]

    @property
    def executed(self) -> int:
        """How many were started in this build."""
        return len(self.entries) - self.count("reused", "skipped")

    def to_json(self) -> dict[str, Any]:
        """The object of `docbuild build --json`."""
        return {
            "site": self.site,
            "executed": self.executed,
            "reused": self.count("reused"),
            "skipped": self.count("skipped"),
            "failed": len(self.failed),
            "tutorials": [entry.to_json() for entry in self.entries],
        }


def report(
    site: str, tutorials: Sequence[Tutorial], plan: Plan, results: Mapping[str, Result]
) -> Report:
    """Put together what became of each tutorial; each has exactly one status."""
    reused = set(plan.reused)
    skipped = {skip.id: skip.reason for skip in plan.skipped}
    entries = []
    for tutorial in sorted(tutorials, key=lambda t: t.id):
        result = results.get(tutorial.id)
        if tutorial.id in skipped:
            entries.append(Entry(tutorial, "skipped", reason=skipped[tutorial.id]))
        elif tutorial.id in reused:
            entries.append(Entry(tutorial, "reused", result))
        else:
            entries.append(Entry(tutorial, str(results[tutorial.id].outcome), result))
    return Report(site, entries)
