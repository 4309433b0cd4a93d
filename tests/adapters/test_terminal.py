"""What a log shows while tutorials run."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from docbuild.adapters.terminal import Lines, announcement
from docbuild.core.plan import Plan, Shard, Skipped
from docbuild.core.result import Failure, Outcome, Result, Usage


def plan(*tutorials: str, estimates: Mapping[str, float] | None = None) -> Plan:
    shard = Shard("cpu-1", "cpu", 90.0, tutorials)
    return Plan((shard,), ("r",), (Skipped("s", "why"),), estimates or {}, "", {})


def result(tutorial: str, failure: Failure | None = None) -> Result:
    outcome = Outcome.FAILED if failure else Outcome.PASSED
    usage = Usage(1.26, 1.0, 1)
    return Result(tutorial, outcome, "k", "b", usage, started=0.0, failure=failure)


def test_a_build_says_what_it_is_about_to_do() -> None:
    assert announcement(plan("a", "b"), 2) == "execute 2 on 2 slots; reuse 1; skip 1"
    known = plan("a", estimates={"a": 90.0})
    assert announcement(known, 1) == "execute 1 on 1 slot, about 2 min; reuse 1; skip 1"


def test_each_end_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(plan("a", "b"), 2) as shown:
        shown.ended(result("a"))
        shown.ended(result("b", Failure("line 3", "ValueError", "no")))
    assert capsys.readouterr().err.splitlines() == [
        "[1/2] passed        1.3 s  a",
        "[2/2] failed        1.3 s  b  line 3: ValueError: no",
    ]


def test_a_heartbeat_says_what_runs_while_nothing_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines(plan("a", "b", "c", estimates={"a": 9, "b": 9, "c": 9}), 2, heartbeat=0.1) as shown:
        shown.started("a")
        shown.started("b")
        time.sleep(0.35)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "[0/3] running: a (0 s), b (0 s); 1 wait; about 18 s left"
    assert len(lines) >= 2


def test_no_estimate_is_shown_where_one_is_not_known() -> None:
    shown = Lines(plan("a", "b", estimates={"a": 9.0}), 1)
    assert shown.left() is None
