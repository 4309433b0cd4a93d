"""execute: one shard of the plan -> results; each is whole in the store when its tutorial ends."""

from __future__ import annotations

import json
import queue
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from docbuild.adapters.bundle import pack
from docbuild.adapters.mirror import Workspace
from docbuild.adapters.project_folder import Project
from docbuild.adapters.sphinx_process import Ended, SphinxProcess
from docbuild.adapters.store import FolderStore, write_atomically
from docbuild.core.death import death, outcome_of
from docbuild.core.history import Sample
from docbuild.core.page_files import generated, named
from docbuild.core.plan import Shard
from docbuild.core.result import Failure, Outcome, Result, Usage, failure_from_json
from docbuild.core.scripts import worth_preloading
from docbuild.core.tutorial import Tutorial
from docbuild.errors import OutsideError

TIME_FOR_A_PAGE = 120.0
"""Seconds to make the page of a tutorial that left none."""


class Progress(Protocol):
    """Whoever shows how far an execution is."""

    def started(self, tutorial: str) -> None:
        """A tutorial's process starts."""

    def ended(self, result: Result) -> None:
        """A tutorial's result is known."""


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that executes a shard."""

    project: Project
    sphinx: SphinxProcess
    store: FolderStore
    generated: frozenset[str]
    """What of the project's folder a build generates, so that it is not mirrored."""
    slots: int
    progress: Progress

    def slot(self, number: int) -> Slot:
        """One of its places."""
        mirror = replace(self.project.workspace(number), excluded=self.generated)
        return Slot(number, mirror.prepare(), mirror.place.with_name("out"))


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a node: a copy of the project, and a folder for what a process leaves."""

    number: int
    workspace: Workspace
    out: Path

    def left(self) -> dict[str, Any] | None:
        """What the tutorial's process left of itself; None when it died before."""
        try:
            left: dict[str, Any] = json.loads((self.out / "outcome.json").read_bytes())
        except FileNotFoundError:
            return None
        return left

    def text(self, name: str) -> str:
        """A text that the process left; empty when it didn't."""
        path = self.out / name
        return path.read_text("utf-8", errors="replace") if path.exists() else ""


@dataclass(frozen=True, slots=True)
class Execution:
    """A tutorial on a slot of a node."""

    node: Node
    slot: Slot
    tutorial: Tutorial
    node_class: str

    @property
    def limit(self) -> float:
        """Seconds that the tutorial may take."""
        return self.tutorial.timeout or self.node.project.settings.timeout


def execute(node: Node, shard: Shard, tutorials: Mapping[str, Tutorial]) -> dict[str, Result]:
    """Execute a shard's tutorials in its order, as many at a time as the node has slots."""
    from joblib import Parallel, delayed  # not needed when there is nothing to execute

    node.sphinx.preload(_preloaded(node, shard, tutorials))
    free: queue.SimpleQueue[Slot] = queue.SimpleQueue()
    for number in range(1, min(node.slots, len(shard.tutorials)) + 1):
        free.put(node.slot(number))

    def in_a_slot(tutorial: Tutorial) -> Result:
        slot = free.get()
        try:
            return _execute(Execution(node, slot, tutorial, shard.node_class))
        finally:
            slot.workspace.restore()
            free.put(slot)

    results: dict[str, Result] = {}
    ended: Iterator[Result] = Parallel(
        n_jobs=node.slots, backend="threading", return_as="generator_unordered", batch_size=1
    )(delayed(in_a_slot)(tutorials[id_]) for id_ in shard.tutorials)
    try:
        for result in ended:
            results[result.tutorial] = result
            node.progress.ended(result)
    except BaseException:
        node.sphinx.interrupt()
        raise
    finally:
        node.store.add_history(_samples(results.values()))
    return results


def _preloaded(node: Node, shard: Shard, tutorials: Mapping[str, Tutorial]) -> tuple[str, ...]:
    if node.project.settings.preload is not None:
        return node.project.settings.preload
    return worth_preloading([tutorials[id_].imports for id_ in shard.tutorials], node.slots)


def _samples(results: Iterable[Result]) -> list[Sample]:
    return [Sample(r.tutorial, r.usage.seconds, r.started) for r in results if r.passed]


def _execute(execution: Execution) -> Result:
    tutorial, slot, store = execution.tutorial, execution.slot, execution.node.store
    execution.node.progress.started(tutorial.id)
    started = time.time()
    given = _unreadable(tutorial) if tutorial.unreadable else None
    ended = _run(execution, execution.limit, given)
    outcome, failure, page = _outcome(execution, ended, given)
    _keep_output(execution)
    if page is None:
        slot.workspace.restore()
        _run(execution, TIME_FOR_A_PAGE, failure)
        page = _page_of_failure(execution)
    result = Result(
        tutorial=tutorial.id,
        outcome=outcome,
        key=tutorial.key,
        bundle=store.add_bundle(_bundle(execution, page)),
        usage=Usage(ended.seconds, ended.cpu_seconds, ended.peak_memory),
        started=started,
        node_class=execution.node_class,
        slot=slot.number,
        failure=_with_project_paths(failure, slot.workspace),
    )
    store.add_result(result)
    return result


def _run(execution: Execution, limit: float, failure: Failure | None) -> Ended:
    slot = execution.slot
    shutil.rmtree(slot.out, ignore_errors=True)
    slot.out.mkdir(parents=True)
    return execution.node.sphinx.execute(
        tutorial=execution.tutorial.id,
        engine=execution.tutorial.engine,
        workspace=slot.workspace.place,
        out=slot.out,
        limit=limit,
        failure=failure,
    )


def _outcome(
    execution: Execution, ended: Ended, given: Failure | None
) -> tuple[Outcome, Failure | None, dict[str, Any] | None]:
    """What an execution came to, and its page; no page when the process left none."""
    left = execution.slot.left()
    if left is None:
        died = death(
            ended.exit_code,
            timed_out=ended.timed_out,
            limit=execution.limit,
            stack=execution.slot.text("stack.txt"),
            path=str(execution.slot.workspace.place / execution.tutorial.id),
        )
        return *(died if given is None else (Outcome.FAILED, given)), None
    failure = failure_from_json(left["failure"]) if left["failure"] else None
    if execution.tutorial.expected_failure:
        return *_as_expected(failure), left["page"]
    if failure is None:
        return Outcome.PASSED, None, left["page"]
    return outcome_of(failure, timed_out=ended.timed_out), failure, left["page"]


def _as_expected(failure: Failure | None) -> tuple[Outcome, Failure]:
    """Judge a tutorial that is expected to fail."""
    if failure:
        return Outcome.PASSED, failure
    message = "it is among expected_failing_examples, and did not fail"
    return Outcome.FAILED, Failure("", "ExpectedFailure", message)


def _unreadable(tutorial: Tutorial) -> Failure:
    kind, _, message = tutorial.unreadable.partition(": ")
    return Failure("", kind, message, f"{tutorial.unreadable}\n")


def _page_of_failure(execution: Execution) -> dict[str, Any]:
    left = execution.slot.left()
    if left is None:
        raise OutsideError(
            f"the page of a failed tutorial can't be made:\n{execution.slot.text('output.txt')}",
            where=execution.tutorial.id,
        )
    page: dict[str, Any] = left["page"]
    return page


def _keep_output(execution: Execution) -> None:
    """Keep what the process wrote beside its page, to be looked at after a failure."""
    path = output_path(execution.node.project, execution.tutorial.id)
    write_atomically(path, execution.slot.text("output.txt").encode())


def output_path(project: Project, tutorial: str) -> Path:
    """Where the output of a tutorial's last execution is."""
    return project.work / "outputs" / f"{tutorial}.txt"


def _bundle(execution: Execution, page: Mapping[str, Any]) -> bytes:
    project, place = execution.node.project, execution.slot.workspace.place
    source = project.source.relative_to(project.root).as_posix()
    written = execution.slot.workspace.written()
    own = {n: (place / n).read_bytes() for n in generated(execution.tutorial, source, written)}
    text = json.dumps(page) + "".join(
        data.decode("utf-8", "replace") for name, data in own.items() if name.endswith(".rst")
    )
    others = named(source, [name for name in written if name not in own], text)
    files = own | {name: (place / name).read_bytes() for name in others}
    return pack(page, files, (str(place), str(project.mirror.place)))


def _with_project_paths(failure: Failure | None, workspace: Workspace) -> Failure | None:
    """The failure with paths from the project's root."""
    if failure is None:
        return None
    place = f"{workspace.place}/"
    return replace(
        failure,
        message=failure.message.replace(place, ""),
        traceback=failure.traceback.replace(place, ""),
    )
