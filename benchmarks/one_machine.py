"""Measure `docbuild build` on one machine against `sphinx-build` with sphinx-gallery's `parallel`.

    python benchmarks/one_machine.py [--pairs 3] [--only cold,nothing,startup,makespan]

It prints every run and ends with a table; the exit code is 1 when a figure is beyond its limit.
Ratios are docbuild / sphinx-build: the median of the ratios of pairs whose runs follow each other,
in alternating order. Both use two processes, and both are checked to have made the same pages.

cold      networkx's gallery in a fresh copy of the project each time: docbuild without any history,
          sphinx-build, and docbuild with the history of an earlier build and nothing else of it.
          sphinx-build runs in the middle, so that it is next to both.
nothing   The second and later builds in place, with nothing to do.
startup   Empty scripts, each in a fork of a process that has loaded matplotlib, networkx and numpy.
          A forked process starts with a CPU clock of zero, so the script's `time.process_time()` at
          its first line is what its own process took since the fork: leaving the build behind,
          and sphinx-gallery's work before it executes the first block. Added to it is the clock of
          the process above it (the supervisor), which is forked first and is there for this script
          alone. Not counted is the first fork itself, which the Sphinx process does. The whole of
          a script that does nothing, its end and its page included, is printed beside it: the CPU
          seconds of the result records, which are of the script's process without its supervisor.
makespan  Sleeping scripts with the times of a published build, in its gallery's folders, on 8 and
          16 slots: docbuild with history, longest first, against sphinx-gallery's `parallel`, which
          waits at the end of each folder. `computed` is the makespan of the times alone, in both
          orders: what machines with that many cores would see, without any start-up. `measured` is
          what the two tools take here (first file of --timings only): docbuild from the start of
          the first tutorial to the end of the last, by the result records, so with the start-up of
          each; sphinx-build by the clocks of the scripts, so without the start of its first
          workers. On fewer cores than slots, `measured` also holds how much the processes of either
          tool delay each other as they start; `computed` is of the order alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from galleries import (
    FIRST_LINES,
    PARALLEL,
    SPANS,
    by_folder,
    networkx_archive,
    read_timings,
    write_first_lines,
    write_networkx,
    write_sleepers,
)
from measure import Pair, Run, median, run

from docbuild.adapters.store import FolderStore
from docbuild.core.history import Sample
from docbuild.core.plan import makespan
from docbuild.core.result import Result

PARTS = ("cold", "nothing", "startup", "makespan")
TIMINGS = Path(__file__).resolve().parents[2] / "shared" / "timings"
SCRIPTS = 12
SLOTS = (8, 16)
WARM_UP = "import docbuild.pipeline, matplotlib.pyplot, networkx, scipy.sparse, sphinx.cmd.build"


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table; without a limit it is only told."""

    name: str
    measured: float
    limit: float | None = None
    note: str = ""

    @property
    def beyond(self) -> bool:
        """Whether it fails the benchmark."""
        return self.limit is not None and self.measured > self.limit

    @property
    def cells(self) -> tuple[str, str, str]:
        """Its row."""
        limit = self.note if self.limit is None else f"{self.limit:.2f}"
        return self.name, f"{self.measured:.2f}", f"{limit}, missed" if self.beyond else limit


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the benchmark works, and how much of it is done."""

    folder: Path
    pairs: int
    archive: Path | None
    timings: tuple[Path, ...]
    scale: float

    def networkx(self) -> Path:
        """The project that is copied for every run."""
        original = self.folder / "networkx"
        if not original.exists():
            write_networkx(original, self.archive or networkx_archive())
        return original

    def copy(self, name: str) -> Path:
        """A fresh copy of networkx's gallery, in place of an earlier one of this name."""
        copy = self.folder / name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.networkx(), copy)
        return copy


def build(
    project: Path,
    slots: int = 2,
    executed: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run `docbuild build`; `executed` is the number of tutorials that it has to execute."""
    command = [sys.executable, "-m", "docbuild", "build", f"-j{slots}", "--json"]
    done = run(command, project, environment)
    report = json.loads(done.output)
    if executed not in (None, report["executed"]):
        raise SystemExit(f"docbuild executed {report['executed']} tutorials, not {executed}")
    return done


def sphinx_build(
    project: Path, slots: int = 2, environment: Mapping[str, str] | None = None
) -> Run:
    """Run `sphinx-build` with sphinx-gallery's own `parallel`."""
    command = [sys.executable, "-m", "sphinx", "-q", f"-j{slots}", "docs", "_site"]
    return run(command, project, {PARALLEL: str(slots), **(environment or {})})


def check_same_pages(one: Path, other: Path) -> None:
    """Stop when two builds didn't make the same pages: their times couldn't be compared."""
    ours, theirs = (
        {path.relative_to(project / "_site") for path in (project / "_site").rglob("*.html")}
        for project in (one, other)
    )
    if ours != theirs:
        names = ", ".join(sorted(map(str, ours ^ theirs)))
        raise SystemExit(f"docbuild and sphinx-build made different pages: {names}")


def cold(bench: Bench) -> Iterator[Figure]:
    """Fresh copies, without and with history."""
    run([sys.executable, "-c", WARM_UP], bench.folder)
    without: list[Pair] = []
    with_: list[Pair] = []
    for number in range(bench.pairs):
        first, plain, second = _three_runs(bench, reverse=number % 2 == 1)
        without.append(Pair(first, plain))
        with_.append(Pair(second, plain))
        print(f"cold, without history  {without[-1]}\ncold, with history     {with_[-1]}")
    yield Figure("cold without history, wall", median(without, lambda p: p.wall), 0.95)
    yield Figure("cold without history, CPU", median(without, lambda p: p.cpu), 1.08)
    yield Figure("cold with history, wall", median(with_, lambda p: p.wall), 0.90)
    yield Figure("cold with history, CPU", median(with_, lambda p: p.cpu), 1.08)


def _three_runs(bench: Bench, *, reverse: bool) -> tuple[Run, Run, Run]:
    """docbuild without history, sphinx-build, docbuild with history; or from the last to the first.

    The history is that of the latest build without any, of this call or of the one before it.
    """
    kept = bench.folder / "history"
    runs: dict[str, Run] = {}

    def without() -> None:
        project = bench.copy("docbuild")
        runs["without"] = build(project)
        shutil.rmtree(kept, ignore_errors=True)
        _copy_history(project, kept)

    def plain() -> None:
        runs["plain"] = sphinx_build(bench.copy("sphinx"))

    def with_() -> None:
        project = bench.copy("with-history")
        _copy_history(kept, project)
        runs["with"] = build(project)

    _in_turn((without, plain, with_), reverse=reverse)
    check_same_pages(bench.folder / "docbuild", bench.folder / "sphinx")
    check_same_pages(bench.folder / "with-history", bench.folder / "sphinx")
    return runs["without"], runs["plain"], runs["with"]


def _in_turn(steps: Sequence[Callable[[], None]], *, reverse: bool) -> None:
    for step in reversed(steps) if reverse else steps:
        step()


def _copy_history(project: Path, other: Path) -> None:
    found = list(project.glob(".docbuild/store/v*/history"))
    if not found:
        raise SystemExit(f"docbuild left no history in {project}")
    for folder in found:
        shutil.copytree(folder, other / folder.relative_to(project))


def nothing(bench: Bench) -> Iterator[Figure]:
    """Builds in place with nothing to do."""
    ours, theirs = bench.folder / "docbuild", bench.folder / "sphinx"
    if not ours.exists():
        build(bench.copy("docbuild"))
        sphinx_build(bench.copy("sphinx"))
    pairs = []
    for number in range(bench.pairs):
        runs: dict[str, Run] = {}
        steps = (
            lambda runs=runs: runs.update(ours=build(ours, executed=0)),
            lambda runs=runs: runs.update(theirs=sphinx_build(theirs)),
        )
        _in_turn(steps, reverse=number % 2 == 1)
        pairs.append(Pair(runs["ours"], runs["theirs"]))
        print(f"nothing to do          {pairs[-1]}")
    check_same_pages(ours, theirs)
    yield Figure("nothing to do, wall", median(pairs, lambda p: p.wall), 1.3)
    yield Figure("nothing to do, CPU", median(pairs, lambda p: p.cpu), 1.3)


def startup(bench: Bench) -> Iterator[Figure]:
    """From the fork to the first line of a script."""
    project, notes = bench.folder / "startup", bench.folder / "first-lines"
    write_first_lines(project, SCRIPTS)
    build(project, executed=SCRIPTS, environment={FIRST_LINES: str(notes)})
    rows = [json.loads(line) for line in notes.read_text().splitlines()]
    if len(rows) != SCRIPTS or not all(row["loaded"] for row in rows):
        raise SystemExit("a script was not forked from a process with the modules that it imports")
    own, above = (statistics.median(row[key] for row in rows) for key in ("own", "above"))
    print(f"start-up               {own:.3f} CPU s own, {above:.3f} CPU s in the process above it")
    whole = statistics.mean(result.usage.cpu_seconds for result in results(project))
    yield Figure(
        "start-up of a script, CPU s", statistics.median(r["own"] + r["above"] for r in rows), 0.15
    )
    yield Figure("whole of an empty script, CPU s", whole, note="no limit")


def results(project: Path) -> list[Result]:
    """The records of all results in a project's store."""
    paths = project.glob(".docbuild/store/v*/results/*/*/*.json")
    return [Result.from_json(json.loads(path.read_bytes()), str(path)) for path in paths]


def slots_and_folders(bench: Bench) -> Iterator[Figure]:
    """Makespans of published times: longest first against folder by folder."""
    found = [path for path in bench.timings if path.exists()]
    for path in sorted(set(bench.timings) - set(found)):
        print(f"makespan               left out: there is no {path}")
    for path in found:
        seconds = read_timings(path)
        for slots in SLOTS:
            yield _computed(path.stem, seconds, slots)
            if path == found[0]:
                yield _measured(bench, path.stem, seconds, slots)


EXPECTED = "expected: 2.4 to 5"


def _computed(name: str, seconds: Mapping[str, float], slots: int) -> Figure:
    ours = makespan(sorted(seconds.values(), reverse=True), slots)
    theirs = sum(makespan(times, slots) for times in by_folder(seconds).values())
    print(f"makespan, {name} on {slots}: computed {ours:.1f} s, folder by folder {theirs:.1f} s")
    return Figure(f"makespan, {name}, {slots} slots, computed", theirs / ours, note=EXPECTED)


def _measured(bench: Bench, name: str, seconds: Mapping[str, float], slots: int) -> Figure:
    scaled = {path: round(duration * bench.scale, 4) for path, duration in seconds.items()}
    ours, theirs = (bench.folder / f"{tool}-on-{slots}" for tool in ("docbuild", "sphinx"))
    notes = bench.folder / f"spans-on-{slots}"
    for project in (ours, theirs):
        write_sleepers(project, scaled)
    FolderStore(ours / ".docbuild" / "store").add_history(
        Sample(f"examples/{path}", duration, time.time()) for path, duration in scaled.items()
    )
    build(ours, slots, len(scaled), {SPANS: os.devnull})
    sphinx_build(theirs, slots, {SPANS: str(notes)})
    our_span = _span((r.started, r.started + r.usage.seconds) for r in results(ours))
    their_span = _span(_pair_of_floats(line) for line in notes.read_text().splitlines())
    print(
        f"makespan, {name} on {slots}: measured {our_span:.1f} s, folder by folder "
        f"{their_span:.1f} s (times scaled by {bench.scale:g})"
    )
    return Figure(
        f"makespan, {name}, {slots} slots, measured", their_span / our_span, note=EXPECTED
    )


def _pair_of_floats(line: str) -> tuple[float, float]:
    start, end = line.split()
    return float(start), float(end)


def _span(times: Iterable[tuple[float, float]]) -> float:
    starts, ends = zip(*times, strict=True)
    return float(max(ends) - min(starts))


MEASURES: Mapping[str, Callable[[Bench], Iterator[Figure]]] = dict(
    zip(PARTS, (cold, nothing, startup, slots_and_folders), strict=True)
)


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [("figure", "measured", "limit"), *(figure.cells for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine() -> str:
    """What was measured, and where."""
    packages = ("docbuild", "sphinx", "sphinx-gallery", "networkx", "matplotlib")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure docbuild on one machine.")
    parser.add_argument("--pairs", type=int, default=3, metavar="N")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts of {','.join(PARTS)}")
    parser.add_argument("--archive", type=Path, help="networkx's source archive; else downloaded")
    default = [TIMINGS / "networkx.json", TIMINGS / "matplotlib.json"]
    parser.add_argument("--timings", type=Path, nargs="+", default=default, metavar="FILE")
    parser.add_argument("--scale", type=float, default=0.5, help="of the measured makespans")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if not set(options.only) <= set(PARTS):
        parser.error(f"--only takes parts of {','.join(PARTS)}")
    return options


def main() -> int:
    """Measure; 1 when a figure is beyond its limit."""
    options = _arguments()
    print(machine())
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="docbuild-") as folder:
        bench = Bench(
            folder=Path(folder).resolve(),
            pairs=options.pairs,
            archive=options.archive,
            timings=tuple(options.timings),
            scale=options.scale,
        )
        for part in PARTS:
            if part in options.only:
                figures += MEASURES[part](bench)
    print(f"\n{table(figures)}")
    return 1 if any(figure.beyond for figure in figures) else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.exit(main())
