"""The one Sphinx process of a build: it loads `conf.py`, forks tutorials, and makes the site."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from docbuild.adapters.channel import Channel
from docbuild.adapters.mirror import Mirror
from docbuild.core.result import Failure, failure_to_json
from docbuild.errors import OutsideError, ProjectError

HEARTBEAT = 60.0
"""Seconds without news after which there is a word of what is running."""
_TAIL = 4000
_REPORT = re.compile(r"\nTraceback\n=+\n(?P<raised>.*?)\n\s*\nThe full traceback", re.DOTALL)
_SPHINX_ERROR = re.compile(r"^sphinx\.errors\.\w+: ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tutorial's process ended, as its supervisor saw it."""

    exit_code: int
    """Negative: the number of the signal that killed it."""
    timed_out: bool
    seconds: float
    cpu_seconds: float
    peak_memory: int


def builder_of(arguments: Sequence[str]) -> str:
    """The builder that arguments of `sphinx-build` name."""
    from sphinx.cmd.build import get_parser

    known, _ = get_parser().parse_known_args([*arguments, "source", "out"])
    return str(known.builder)


def essence(text: str) -> str:
    """The error in what Sphinx wrote: its own message, without its report on versions."""
    report = _REPORT.search(text)
    if not report:
        return text.strip()[-_TAIL:]
    raised = textwrap.dedent(report["raised"]).strip()
    return _SPHINX_ERROR.split(raised)[-1]


class SphinxProcess:
    """`sphinx-build`, stopped where it would execute tutorials."""

    def __init__(
        self,
        *,
        mirror: Mirror,
        source: Path,
        conf: Path,
        out: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self.out = out
        self._mirror = mirror
        self._has_jobs = any(word.startswith(("-j", "--jobs")) for word in arguments)
        self._logs = out / "output.txt", out / "warnings.txt"
        self._turn = threading.Lock()
        self._running: set[Channel] = set()
        out.mkdir(parents=True, exist_ok=True)
        Path(mirror.mirrored(source)).mkdir(parents=True, exist_ok=True)
        self._channel, theirs = Channel.pair()
        command = [
            *(sys.executable, "-P", "-m", "docbuild.inside.sphinx_host"),  # -P: as sphinx-build
            *(str(theirs.fileno()), str(mirror.root), str(mirror.place)),
            json.dumps(sorted(mirror.excluded)),
            *("-c", str(conf), "-d", str(out / "doctrees"), *arguments),
            *(mirror.mirrored(source), str(self.site)),
        ]
        with self._logs[0].open("wb") as output, self._logs[1].open("wb") as warnings:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=warnings,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for docbuild, which ends what it started
                env={**os.environ, **environment},
            )
        theirs.close()

    @property
    def site(self) -> Path:
        """Where Sphinx writes the site."""
        return self.out / "site"

    def description(self) -> dict[str, Any]:
        """What Sphinx found once `conf.py` is loaded; raises `ProjectError` if it can't be."""
        message, _ = self._channel.receive()
        if message is None:
            self._process.wait()
            raise ProjectError(
                f"Sphinx can't load the project:\n{self.failure()}",
                remedy="sphinx-build would end in the same way; see the message above",
            )
        return message

    def preload(self, modules: Iterable[str]) -> None:
        """Import modules before tutorials are forked."""
        self._ask({"do": "preload", "modules": list(modules)})

    def execute(
        self,
        *,
        tutorial: str,
        engine: str,
        workspace: Path,
        out: Path,
        limit: float,
        failure: Failure | None = None,
    ) -> Ended:
        """Execute a tutorial in a process of its own, and wait for its end."""
        request = {
            "do": "execute",
            "tutorial": tutorial,
            "engine": engine,
            "workspace": str(workspace),
            "out": str(out),
            "limit": limit,
            "failure": None if failure is None else failure_to_json(failure),
        }
        ours, theirs = Channel.pair()
        self._running.add(ours)
        try:
            self._ask(request, [theirs.fileno()])
            theirs.close()
            message, _ = ours.receive()
        finally:
            self._running.discard(ours)
            ours.close()
        if message is None:
            raise OutsideError(
                f"the process above {tutorial} is gone", remedy="was it killed from outside?"
            )
        return Ended(**message)

    def _ask(self, request: dict[str, Any], files: Sequence[int] = ()) -> None:
        with self._turn:
            try:
                self._channel.send(request, files)
                answer, _ = self._channel.receive()
            except OSError:
                answer = None
        if answer is None:
            raise OutsideError(f"the Sphinx process is gone:\n{self.failure()}")

    def finish(
        self, tutorials: Mapping[str, Mapping[str, str]], jobs: int, tell: Callable[[str], None]
    ) -> int:
        """Let Sphinx make the site of what is known; its exit code.

        It reads and writes in `jobs` processes where all its extensions allow that, unless its own
        arguments say how many. `tell` gets a word of what it is doing once a minute.
        """
        jobs = 1 if self._has_jobs else jobs
        with contextlib.suppress(OSError):
            self._channel.send({"do": "merge", "tutorials": dict(tutorials), "jobs": jobs})
        while True:
            try:
                return self._process.wait(timeout=HEARTBEAT)
            except subprocess.TimeoutExpired:
                tell(f"Sphinx: {self._text(self._logs[0]).strip().splitlines()[-1]}")

    def interrupt(self) -> None:
        """End all tutorials that run; their supervisors do, when our end of the channel is gone."""
        for channel in list(self._running):
            with contextlib.suppress(OSError):
                channel.end.shutdown(socket.SHUT_RDWR)

    def warnings(self) -> str:
        """What Sphinx wrote to its standard error."""
        return self._text(self._logs[1]).strip()

    def _text(self, log: Path) -> str:
        """A log, with the project's paths instead of the mirror's."""
        text = log.read_text("utf-8", errors="replace")
        return text.replace(str(self._mirror.place), str(self._mirror.root))

    def failure(self) -> str:
        """What Sphinx said of its failure."""
        return essence(self.warnings() or self._text(self._logs[0]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.interrupt()
        self._channel.close()
        if self._process.poll() is None:
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
