"""execute: one shard of the plan -> results; each is whole in the store when its tutorial ends."""

from __future__ import annotations

import json
import queue
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from docbuild.adapters.bundle import pack
from docbuild.adapters.mirror import Mirror
from docbuild.adapters.project_folder import Project
from docbuild.adapters.sphinx_process import Ended, SphinxProcess
from docbuild.adapters.store import FolderStore, write_atomically
from docbuild.core.death import death
from docbuild.core.history import Sample
from docbuild.core.plan import Shard
from docbuild.core.result import Failure, Outcome, Result, Usage
from docbuild.core.scripts import worth_preloading
from docbuild.core.tutorial import Engine, Tutorial
from docbuild.errors import OutsideError

TIME_FOR_A_PAGE = 120.0
"""Seconds to make the page of a tutorial that left none."""
BOOKKEEPING = (".md5", ".cost.json", ".pyc")
"""Files that engines keep for themselves; no page shows them."""


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

    def workspace(self, slot: int) -> Mirror:
        """A slot's copy of the project."""
        return replace(self.project.workspace(slot), excluded=self.generated)

    def out(self, slot: int) -> Path:
        """Where the processes of a slot leave their outcome."""
        return self.project.work / "slots" / str(slot) / "out"


def execute(node: Node, shard: Shard, tutorials: Mapping[str, Tutorial]) -> dict[str, Result]:
    """Execute a shard's tutorials in its order, as many at a time as the node has slots."""
    from joblib import Parallel, delayed  # not needed when there is nothing to execute

    node.sphinx.preload(_preloaded(node, shard, tutorials))
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for slot in range(1, min(node.slots, len(shard.tutorials)) + 1):
        node.workspace(slot).sync()
        node.workspace(slot).restore()
        free.put(slot)

    def in_a_slot(tutorial: Tutorial) -> Result:
        slot = free.get()
        try:
            return _execute(node, slot, tutorial, shard.node_class)
        finally:
            node.workspace(slot).restore()
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


def _preloaded(
    node: Node, shard: Shard, tutorials: Mapping[str, Tutorial]
) -> tuple[str, ...]:
    if node.project.settings.preload is not None:
        return node.project.settings.preload
    return worth_preloading([tutorials[id_].imports for id_ in shard.tutorials], node.slots)


def _samples(results: Any) -> list[Sample]:
    return [Sample(r.tutorial, r.usage.seconds, r.started) for r in results if r.passed]


def _execute(node: Node, slot: int, tutorial: Tutorial, node_class: str) -> Result:
    node.progress.started(tutorial.id)
    started = time.time()
    limit = tutorial.timeout or node.project.settings.timeout
    failure = _unreadable(tutorial) if tutorial.unreadable else None
    ended = _run(node, slot, tutorial, limit, failure)
    outcome, failure, page = _outcome(node, slot, tutorial, ended, limit, failure)
    _keep_output(node, slot, tutorial)
    if page is None:
        node.workspace(slot).restore()
        _run(node, slot, tutorial, TIME_FOR_A_PAGE, failure)
        page = _page_of_failure(node, slot, tutorial)
    bundle = node.store.add_bundle(_bundle(node, slot, tutorial, page))
    result = Result(
        tutorial=tutorial.id,
        outcome=outcome,
        key=tutorial.key,
        bundle=bundle,
        usage=Usage(ended.seconds, ended.cpu_seconds, ended.peak_memory),
        started=started,
        node_class=node_class,
        slot=slot,
        failure=_with_project_paths(failure, node.workspace(slot)),
    )
    node.store.add_result(result)
    return result


def _page_of_failure(node: Node, slot: int, tutorial: Tutorial) -> dict[str, Any]:
    left = _left(node.out(slot))
    if not left:
        output = _read(node.out(slot) / "output.txt")
        raise OutsideError(f"the page of a failed tutorial can't be made:\n{output}", where=tutorial.id)
    page: dict[str, Any] = left["page"]
    return page


def _run(
    node: Node, slot: int, tutorial: Tutorial, limit: float, failure: Failure | None
) -> Ended:
    out = node.out(slot)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return node.sphinx.execute(
        tutorial=tutorial.id,
        engine=tutorial.engine,
        workspace=node.workspace(slot).place,
        out=out,
        limit=limit,
        failure=failure,
    )


def _outcome(
    node: Node, slot: int, tutorial: Tutorial, ended: Ended, limit: float, given: Failure | None
) -> tuple[Outcome, Failure | None, dict[str, Any] | None]:
    """What an execution came to, and its page; no page when the process left none."""
    left = _left(node.out(slot))
    if not left:
        stack = _read(node.out(slot) / "stack.txt")
        path = str(node.workspace(slot).place / tutorial.id)
        died = death(
            ended.exit_code, timed_out=ended.timed_out, limit=limit, stack=stack, path=path
        )
        return *(died if given is None else (Outcome.FAILED, given)), None
    failure = Failure(**left["failure"]) if left["failure"] else None
    if tutorial.expected_failure and failure:
        return Outcome.PASSED, failure, left["page"]
    if tutorial.expected_failure:
        message = "it is among expected_failing_examples, and did not fail"
        return Outcome.FAILED, Failure("", "ExpectedFailure", message), left["page"]
    if failure is None:
        return Outcome.PASSED, None, left["page"]
    return Outcome.TIMED_OUT if ended.timed_out else Outcome.FAILED, failure, left["page"]


def _unreadable(tutorial: Tutorial) -> Failure:
    kind, _, message = tutorial.unreadable.partition(": ")
    return Failure("", kind, message, f"{tutorial.unreadable}\n")


def _left(out: Path) -> dict[str, Any]:
    try:
        left: dict[str, Any] = json.loads((out / "outcome.json").read_bytes())
    except FileNotFoundError:
        return {}
    return left


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="replace") if path.exists() else ""


def _keep_output(node: Node, slot: int, tutorial: Tutorial) -> None:
    """Keep what the process wrote beside its page, to be looked at after a failure."""
    output = node.out(slot) / "output.txt"
    data = output.read_bytes() if output.exists() else b""
    write_atomically(output_path(node.project, tutorial.id), data)


def output_path(project: Project, tutorial: str) -> Path:
    """Where the output of a tutorial's last execution is."""
    return project.work / "outputs" / f"{tutorial}.txt"


def _bundle(node: Node, slot: int, tutorial: Tutorial, page: dict[str, Any]) -> bytes:
    workspace = node.workspace(slot)
    files = {name: (workspace.place / name).read_bytes() for name in _page_files(node, slot, tutorial, page)}
    places = (str(workspace.place), str(node.project.mirror.place))
    return pack(page, files, places)


def _page_files(
    node: Node, slot: int, tutorial: Tutorial, page: dict[str, Any]
) -> Sequence[str]:
    """What was written for the page: all in the gallery's folder, elsewhere what the page names."""
    workspace = node.workspace(slot)
    source = node.project.source.relative_to(node.project.root).as_posix()
    written = [n for n in workspace.written() if not n.endswith(BOOKKEEPING)]
    gallery = _joined(source, str(Path(tutorial.page).parent)) + "/"
    own = [n for n in written if tutorial.engine is Engine.GALLERY and n.startswith(gallery)]
    text = json.dumps(page) + "".join(
        _read(workspace.place / name) for name in own if name.endswith(".rst")
    )
    inside = "" if source == "." else f"{source}/"
    named = [
        n
        for n in written
        if n not in own and n.startswith(inside) and Path(n).name in text and n != tutorial.id
    ]
    return sorted([*own, *named])


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _with_project_paths(failure: Failure | None, workspace: Mirror) -> Failure | None:
    """The failure with paths from the project's root."""
    if failure is None:
        return None
    place = f"{workspace.place}/"
    return replace(
        failure,
        message=failure.message.replace(place, ""),
        traceback=failure.traceback.replace(place, ""),
    )
