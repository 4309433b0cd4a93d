"""What the user sees on stderr while tutorials run: a live display, or lines in a log."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Self

from docbuild.adapters.sphinx_process import HEARTBEAT
from docbuild.core.plan import Plan, makespan
from docbuild.core.result import Result


def show(plan: Plan, slots: int) -> Lines:
    """The display that fits standard error."""
    return (Live if sys.stderr.isatty() else Lines)(plan, slots)


def announcement(plan: Plan, slots: int) -> str:
    """What a build is about to do, before it does it."""
    count = len(plan.to_execute)
    known = all(id_ in plan.estimates for id_ in plan.to_execute)
    seconds = sum(shard.seconds for shard in plan.shards)
    about = f", about {duration(seconds)}" if count and known else ""
    execute = f"execute {count} on {slots} slot{'s' if slots > 1 else ''}{about}"
    return f"{execute}; reuse {len(plan.reused)}; skip {len(plan.skipped)}"


def say(text: str = "") -> None:
    """A line for the user."""
    print(text, file=sys.stderr, flush=True)


class Lines:
    """One line per tutorial as it ends, and a heartbeat while nothing ends."""

    def __init__(self, plan: Plan, slots: int, heartbeat: float = HEARTBEAT) -> None:
        self._heartbeat = heartbeat
        self.order = plan.to_execute
        self.estimates: Mapping[str, float] = plan.estimates
        self.slots = slots
        self.running: dict[str, float] = {}
        self.done = 0
        self._news = threading.Condition()
        self._over = False

    def __enter__(self) -> Self:
        if self.order:
            threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        with self._news:
            self._over = True
            self._news.notify()

    def started(self, tutorial: str) -> None:
        """Note that it runs."""
        self.running[tutorial] = time.monotonic()

    def ended(self, result: Result) -> None:
        """Say how it ended."""
        self.running.pop(result.tutorial, None)
        self.done += 1
        with self._news:
            self._news.notify()
        self.tell(result)

    def tell(self, result: Result) -> None:
        """Print the line of a result."""
        say(self.line(result))

    def line(self, result: Result) -> str:
        """`[ 3/20] passed     1.4 s  examples/plot_a.py`."""
        width = len(str(len(self.order)))
        count = f"[{self.done:>{width}}/{len(self.order)}]"
        text = f"{count} {result.outcome:<9} {result.usage.seconds:>7.1f} s  {result.tutorial}"
        failure = "" if result.passed or not result.failure else f"  {result.failure}"
        return text + failure

    def left(self) -> float | None:
        """Seconds until the last one ends, from what earlier runs took; None: not known."""
        now = time.monotonic()
        waiting = self.order[self.done + len(self.running) :]
        if not all(id_ in self.estimates for id_ in (*waiting, *self.running)):
            return None
        rest = [max(0.0, self.estimates[i] - (now - t)) for i, t in list(self.running.items())]
        return makespan([*rest, *(self.estimates[id_] for id_ in waiting)], self.slots)

    def _beat(self) -> None:
        with self._news:
            while not self._over:
                if not self._news.wait(self._heartbeat) and not self._over:
                    say(f"[{self.done}/{len(self.order)}] {self.heartbeat()}")

    def heartbeat(self) -> str:
        """`running: a (75 s), b (61 s); 12 wait; about 3 min left`."""
        now = time.monotonic()
        running = ", ".join(f"{i} ({now - t:.0f} s)" for i, t in sorted(self.running.items()))
        waiting = len(self.order) - self.done - len(self.running)
        left = self.left()
        estimate = f"; about {duration(left)} left" if left is not None else ""
        return f"running: {running or 'nothing'}; {waiting} wait{estimate}"


class Live(Lines):
    """A display that follows the clock, on a terminal."""

    def __init__(self, plan: Plan, slots: int) -> None:
        super().__init__(plan, slots)
        from rich.console import Console
        from rich.live import Live as RichLive

        self._live = RichLive(
            console=Console(stderr=True),
            get_renderable=self._table,
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def tell(self, result: Result) -> None:
        """Print the line of a result above the display."""
        from rich.text import Text

        self._live.console.print(Text(self.line(result), style="" if result.passed else "red"))

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        now = time.monotonic()
        for tutorial, since in sorted(self.running.items(), key=lambda item: item[1]):
            usual = self.estimates.get(tutorial)
            of = f"of about {duration(usual)}" if usual else ""
            table.add_row(Text(f"{now - since:6.0f} s", style="cyan"), tutorial, Text(of, "dim"))
        waiting = len(self.order) - self.done - len(self.running)
        left = self.left()
        rest = f"{self.done} done, {waiting} wait" + (
            f", about {duration(left)} left" if left is not None else ""
        )
        table.add_row("", Text(rest, style="bold"), "")
        return table


def duration(seconds: float) -> str:
    """`4 s`, `12 min` or `1.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
