"""list: the tutorials of a project with engine, needs and last run time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docbuild.core.tutorial import Tutorial


def rows(tutorials: Sequence[Tutorial], seconds: Mapping[str, float]) -> list[dict[str, Any]]:
    """One JSON object for each tutorial; `seconds` are of its last run."""
    return [
        {
            "id": t.id,
            "engine": t.engine.value,
            "page": t.page,
            "needs": {"gpus": t.needs.gpus},
            "seconds": round(seconds[t.id], 3) if t.id in seconds else None,
            "executed": not (t.skip or t.excused),
            **({"reason": t.unreadable or t.skip or t.excused} if _remark(t) else {}),
        }
        for t in sorted(tutorials, key=lambda t: t.id)
    ]


def table(tutorials: Sequence[Tutorial], seconds: Mapping[str, float]) -> list[str]:
    """The same for people, one line each, columns aligned."""
    header = ("TUTORIAL", "ENGINE", "LAST RUN", "NEEDS", "REMARK")
    lines = [header] + [
        (
            t.id,
            t.engine.value,
            f"{seconds[t.id]:.1f} s" if t.id in seconds else "-",
            str(t.needs) or "-",
            _remark(t),
        )
        for t in sorted(tutorials, key=lambda t: t.id)
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]


def _remark(tutorial: Tutorial) -> str:
    if tutorial.unreadable:
        return f"can't be read: {tutorial.unreadable}"
    if tutorial.skip or tutorial.excused:
        return f"not executed: {tutorial.skip or tutorial.excused}"
    return "expected to fail" if tutorial.expected_failure else ""
