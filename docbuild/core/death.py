"""Failures of tutorials whose process ended without a word of its own."""

from __future__ import annotations

import re
import signal

from docbuild.core.result import Failure, Outcome

_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<name>.*)$', re.MULTILINE)


def death(
    exit_code: int, *, timed_out: bool, limit: float, stack: str, path: str
) -> tuple[Outcome, Failure]:
    """What became of a process: `exit_code` is negative for a signal, `limit` is in seconds.

    `stack` is what Python's fault handler wrote, innermost frame first; `path` is the script's.
    """
    frames = _script_frames(stack, path)
    line = next((line for file, line, _ in reversed(frames) if file == path), "")
    outcome, kind, message = _kind(exit_code, timed_out, limit)
    shown = "".join(f'  File "{file}", line {line}, in {name}\n' for file, line, name in frames)
    return outcome, Failure(
        where=f"line {line}" if line else "",
        type=kind,
        message=message,
        traceback=f"Traceback (most recent call last):\n{shown}{kind}: {message}\n",
    )


def outcome_of(failure: Failure, *, timed_out: bool) -> Outcome:
    """What a failure that the tutorial's process reported itself came to."""
    if timed_out or failure.type == "CellTimeoutError":
        return Outcome.TIMED_OUT
    return Outcome.CRASHED if failure.type == "DeadKernelError" else Outcome.FAILED


def _kind(exit_code: int, timed_out: bool, limit: float) -> tuple[Outcome, str, str]:
    if timed_out:
        return Outcome.TIMED_OUT, "TimeoutError", f"it ran longer than its limit of {limit:g} s"
    if exit_code < 0:
        name = signal.Signals(-exit_code).name
        meaning = signal.strsignal(-exit_code)
        return Outcome.CRASHED, name, f"its process was ended by signal {-exit_code} ({meaning})"
    return Outcome.FAILED, "SystemExit", f"its process left at once, with exit code {exit_code}"


def _script_frames(stack: str, path: str) -> list[tuple[str, str, str]]:
    """Frames of the script's own thread, outermost first, without those of its engine."""
    for thread in re.split(r"^(?:Current t|T)hread ", stack, flags=re.MULTILINE):
        frames = [(m["file"], m["line"], m["name"]) for m in _FRAME.finditer(thread)]
        files = [file for file, _, _ in frames]
        if path in files:
            outermost = len(files) - files[::-1].index(path)
            return frames[:outermost][::-1]
    return []
