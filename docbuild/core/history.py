"""What earlier runs took, and what the next one will."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import dirname

SAMPLES = 3
"""The newest samples that count: a mean over all time is slow to learn, the last value is noise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One full successful execution."""

    tutorial: str
    seconds: float
    when: float
    """Unix time in seconds."""


def estimates(samples: Iterable[Sample]) -> dict[str, float]:
    """Seconds by tutorial: the geometric mean of its newest three samples."""
    of: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        of[sample.tutorial].append(sample)
    return {tutorial: _recent_mean(ones) for tutorial, ones in sorted(of.items())}


def last_runs(samples: Iterable[Sample]) -> dict[str, float]:
    """Seconds by tutorial of its newest run."""
    return {s.tutorial: s.seconds for s in sorted(samples, key=lambda s: s.when)}


def _recent_mean(samples: list[Sample]) -> float:
    newest = sorted(samples, key=lambda s: (s.when, s.seconds))[-SAMPLES:]
    return _geometric_mean([s.seconds for s in newest])


def _geometric_mean(seconds: list[float]) -> float:
    return math.exp(sum(math.log(max(s, 0.001)) for s in seconds) / len(seconds))


def guess(tutorial: str, known: Mapping[str, float]) -> float | None:
    """Seconds of a tutorial that never ran: its folder's mean, drawn towards that of all.

    None where nothing at all is known.
    """
    if not known:
        return None
    overall = _geometric_mean(list(known.values()))
    folder = [s for other, s in known.items() if dirname(other) == dirname(tutorial)]
    pull = len(folder) / (len(folder) + SAMPLES)
    local = _geometric_mean(folder) if folder else overall
    return math.exp(pull * math.log(local) + (1 - pull) * math.log(overall))
