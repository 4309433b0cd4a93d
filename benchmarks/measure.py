"""Run a command and take its wall and CPU seconds, those of all its descendants included.

CPU seconds (user and system) are the growth of `RUSAGE_CHILDREN`. The kernel adds a process to it
when its parent has waited for it, all the way up; a process that outlives its parent, or that its
parent never waited for, would go to init and be lost. So this process adopts such orphans (Linux:
`PR_SET_CHILD_SUBREAPER`) and waits for them too, after the clock for wall seconds has stopped.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docbuild.inside.supervisor import adopt_orphans

TIME_FOR_ORPHANS = 20.0
"""Seconds that what a command left running may go on."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took, and what it wrote to its standard output."""

    wall: float
    cpu: float
    output: str

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s {self.cpu:6.2f} CPU s"


@dataclass(frozen=True, slots=True)
class Pair:
    """The same work done by docbuild and by sphinx-build, one right after the other."""

    docbuild: Run
    sphinx: Run

    @property
    def wall(self) -> float:
        """docbuild's wall seconds for one of sphinx-build's."""
        return self.docbuild.wall / self.sphinx.wall

    @property
    def cpu(self) -> float:
        """docbuild's CPU seconds for one of sphinx-build's."""
        return self.docbuild.cpu / self.sphinx.cpu

    def __str__(self) -> str:
        ratios = f"ratio {self.wall:.3f} wall {self.cpu:.3f} CPU"
        return f"docbuild {self.docbuild}   sphinx-build {self.sphinx}   {ratios}"


def median(pairs: Sequence[Pair], of: Callable[[Pair], float]) -> float:
    """The median of the ratios of the pairs, which is not the ratio of the medians."""
    return statistics.median(map(of, pairs))


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Run a command that has to succeed."""
    adopt_orphans()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        before = _cpu_of_children()
        start = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            check=False,
        )
        wall = time.perf_counter() - start
        _wait_for_orphans()
        cpu = _cpu_of_children() - before
        output.seek(0)
        errors.seek(0)
        if done.returncode != 0:
            words = " ".join(command)
            raise SystemExit(f"{words} ended with {done.returncode}:\n{errors.read()[-4000:]}")
        return Run(wall, cpu, output.read())


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    """This process's variables; bytecode is written, as on any user's machine."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | dict(added)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _wait_for_orphans() -> None:
    deadline = time.monotonic() + TIME_FOR_ORPHANS
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.01)
        except ChildProcessError:
            return
    raise SystemExit(f"a process still runs {TIME_FOR_ORPHANS} s after its command has ended")
