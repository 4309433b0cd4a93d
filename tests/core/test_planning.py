"""What runs first, how long it will take, and what becomes of what never ran."""

from __future__ import annotations

import itertools

import pytest

from docbuild.core.history import Sample, estimates, guess
from docbuild.core.plan import Plan, Shard, Skipped, longest_first, makespan
from docbuild.core.report import report
from docbuild.core.result import Failure, Outcome, Result, Usage
from docbuild.core.tutorial import Engine, Tutorial


def tutorial(id_: str) -> Tutorial:
    return Tutorial(id_, Engine.GALLERY, id_)


def result(id_: str, outcome: Outcome = Outcome.PASSED) -> Result:
    failure = None if outcome is Outcome.PASSED else Failure("line 1", "E", "m")
    return Result(id_, outcome, "k", "b", Usage(1.23456, 1.0, 1), started=1.0, failure=failure)


def test_the_longest_starts_first_after_those_that_never_ran() -> None:
    known = {"a": 1.0, "b": 30.0, "c": 5.0}
    assert longest_first([tutorial(i) for i in "abcd"], known) == ["d", "b", "c", "a"]


def test_the_order_does_not_depend_on_the_order_of_the_tutorials() -> None:
    known = {"x/a": 2.0, "x/b": 2.0, "y/c": 9.0}
    ones = [tutorial(i) for i in ("x/a", "x/b", "y/c", "x/new", "y/new")]
    orders = {tuple(longest_first(order, known)) for order in itertools.permutations(ones)}
    # a new one is taken for as long as its folder is, and ties go by name
    assert orders == {("y/new", "x/new", "y/c", "x/a", "x/b")}


@pytest.mark.parametrize(
    ("seconds", "slots", "expected"),
    [([3, 3, 2, 2, 2], 2, 7), ([5, 1, 1, 1], 2, 5), ([1, 2, 3], 1, 6), ([4], 8, 4), ([], 2, 0)],
)
def test_each_goes_to_the_slot_that_is_free_first(
    seconds: list[float], slots: int, expected: float
) -> None:
    assert makespan(seconds, slots) == expected


def test_an_estimate_is_the_geometric_mean_of_the_newest_three_runs() -> None:
    runs = [(1.0, 100.0), (2.0, 1.0), (3.0, 2.0), (4.0, 4.0)]
    samples = [Sample("a", seconds, when) for when, seconds in runs]
    assert estimates(reversed(samples))["a"] == pytest.approx(2.0)


def test_what_never_ran_is_guessed_from_its_folder_and_never_a_constant() -> None:
    slow = {f"slow/{i}": 100.0 for i in range(30)}
    known = {**slow, "fast/a": 1.0}
    in_slow, in_fast, elsewhere = (guess(f"{f}/new", known) for f in ("slow", "fast", "other"))
    assert in_slow is not None
    assert in_fast is not None
    assert elsewhere is not None
    assert in_fast < elsewhere < in_slow < 100.0
    assert guess("slow/new", {}) is None


def test_each_tutorial_stands_in_the_report_once_and_the_counts_add_up() -> None:
    ids = ("a", "b", "c", "d", "e")
    plan = Plan(
        (Shard("cpu-1", "cpu", 0.0, ("a", "b", "e")),), ("c",), (Skipped("d", "no"),), {}, "", {}
    )
    results = {
        "a": result("a"),
        "b": result("b", Outcome.CRASHED),
        "c": result("c"),
        "e": result("e", Outcome.TIMED_OUT),
    }
    data = report("/site", [tutorial(i) for i in reversed(ids)], plan, results).to_json()
    rows = [(row["id"], row["status"]) for row in data["tutorials"]]
    assert rows == [
        ("a", "passed"),
        ("b", "crashed"),
        ("c", "reused"),
        ("d", "skipped"),
        ("e", "timed-out"),
    ]
    counts = {key: data[key] for key in ("executed", "reused", "skipped", "failed")}
    assert counts == {"executed": 3, "reused": 1, "skipped": 1, "failed": 2}
    assert data["tutorials"][3]["reason"] == "no"
    assert data["tutorials"][1]["failure"]["where"] == "line 1"


def test_a_plan_says_which_sources_it_was_made_of() -> None:
    one = Plan((), ("a",), (), {}, "s", {"a": "k1", "b": "k2"}).to_json()
    same = Plan((), ("a",), (), {}, "s", {"b": "k2", "a": "k1"}).to_json()
    other = Plan((), ("a",), (), {}, "s", {"a": "k1", "b": "other"}).to_json()
    assert one["digest"] == same["digest"] != other["digest"]
