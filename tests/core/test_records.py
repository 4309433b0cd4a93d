"""What is kept and compared: results, keys, settings as texts, how processes died."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from docbuild.core.death import death
from docbuild.core.fingerprint import Ingredient, key_of, stable_text
from docbuild.core.result import Failure, Outcome, Result, Usage
from docbuild.errors import FormatError

RESULT = Result(
    tutorial="examples/plot_a.py",
    outcome=Outcome.FAILED,
    key="k",
    bundle="b",
    usage=Usage(1.5, 1.25, 4096),
    started=1700000000.25,
    node_class="gpu",
    slot=2,
    attempt=3,
    observed=(Ingredient("module numpy", "2.0"),),
    failure=Failure("line 3", "ValueError", "no\nway", "Traceback ..."),
)


@pytest.mark.parametrize("result", [RESULT, replace(RESULT, failure=None)])
def test_a_result_survives_being_written_and_read(result: Result) -> None:
    assert Result.from_json(json.loads(json.dumps(result.to_json())), "here") == result


BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda data: data.update(format=data["format"] + 1),
    "no outcome": lambda data: data.pop("outcome"),
    "an unknown outcome": lambda data: data.update(outcome="reused"),
    "a key that is no text": lambda data: data.update(key=1),
    "a failure without its place": lambda data: data["failure"].pop("where"),
    "seconds that are no number": lambda data: data.update(seconds="soon"),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_record_that_is_not_whole_is_refused(damage: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(json.dumps(RESULT.to_json()))
    damage(data)
    with pytest.raises(FormatError, match="somewhere"):
        Result.from_json(data, "somewhere")


def test_a_key_depends_on_what_the_ingredients_say_and_not_on_their_order() -> None:
    one, two = Ingredient("source", "1"), Ingredient("python", "3.11")
    assert key_of([one, two]) == key_of([two, one])
    assert key_of([one, two]) != key_of([one])
    assert key_of([Ingredient("ab", "c")]) != key_of([Ingredient("a", "bc")])


class Scraper:
    """A setting whose repr holds an address."""


def test_the_text_of_a_setting_is_the_same_in_every_process() -> None:
    one = {"b": {"y", "x", "z"}, "a": [Scraper(), len, Scraper.__init__, None, 1.5, ("t",)]}
    other = {"a": [Scraper(), len, Scraper.__init__, None, 1.5, ("t",)], "b": {"z", "x", "y"}}
    assert stable_text(one) == stable_text(other)
    assert "0x" not in stable_text(one)
    assert stable_text({"a": 1}) != stable_text({"a": 2})
    assert stable_text(["a", "b"]) != stable_text(["b", "a"])


STACK = """\
Fatal Python error: Segmentation fault

Thread 0x00007f0000000001 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 5 in wait

Current thread 0x00007f0000000002 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/p/plot_a.py", line 7 in read
  File "/p/plot_a.py", line 12 in <module>
  File "/venv/sphinx_gallery/gen_rst.py", line 900 in __call__
"""


def test_a_dead_process_failed_where_its_own_thread_was_in_the_script() -> None:
    outcome, failure = death(
        -signal.SIGSEGV, timed_out=False, limit=9, stack=STACK, path="/p/plot_a.py"
    )
    assert (outcome, failure.type, failure.where) == (Outcome.CRASHED, "SIGSEGV", "line 7")
    shown = failure.traceback.splitlines()
    assert shown[1].endswith("line 12, in <module>")
    assert shown[3].endswith("line 519, in string_at")
    assert "sphinx_gallery" not in failure.traceback
    assert "threading" not in failure.traceback


def test_a_process_without_a_stack_still_has_a_failure() -> None:
    outcome, failure = death(3, timed_out=False, limit=9, stack="", path="/p/plot_a.py")
    assert (outcome, failure.type, failure.where) == (Outcome.FAILED, "SystemExit", "")
    assert "exit code 3" in failure.message


def test_a_process_that_was_ended_after_its_time_is_timed_out_whatever_killed_it() -> None:
    outcome, failure = death(-9, timed_out=True, limit=1.5, stack=STACK, path="/p/plot_a.py")
    assert (outcome, failure.where) == (Outcome.TIMED_OUT, "line 7")
    assert "1.5 s" in failure.message
