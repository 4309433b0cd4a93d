"""plan: tutorials, history, store and machine -> plan."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from docbuild.adapters.store import FolderStore
from docbuild.core.history import estimates
from docbuild.core.plan import Plan, Shard, Skipped, longest_first, makespan
from docbuild.core.result import Result
from docbuild.core.tutorial import Tutorial
from docbuild.errors import UsageError


class Execute(StrEnum):
    """Which tutorials a build executes."""

    CHANGED = "changed"
    ALL = "all"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for, and what this machine offers."""

    execute: Execute = Execute.CHANGED
    paths: tuple[str, ...] = ()
    """Tutorials to restrict execution to: ids, folders or globs; none: no restriction."""
    slots: int = 1
    gpus: int = 0


def plan(
    tutorials: Sequence[Tutorial], store: FolderStore, wanted: Wanted
) -> tuple[Plan, dict[str, Result]]:
    """Decide what becomes of each tutorial; also the results of those that are reused."""
    chosen = _chosen(tutorials, wanted.paths)
    known: dict[str, Result] = {}
    skipped: list[Skipped] = []
    to_execute: list[Tutorial] = []
    for tutorial in tutorials:
        if tutorial.skip:
            skipped.append(Skipped(tutorial.id, tutorial.skip))
            continue
        again = wanted.execute is Execute.ALL and tutorial.id in chosen
        result = None if again else _reusable(tutorial, store)
        reason = _reason(tutorial, wanted, chosen)
        if result:
            known[tutorial.id] = result
        elif reason:
            skipped.append(reason)
        else:
            to_execute.append(tutorial)
    history = estimates(store.history())
    plan_ = Plan(
        shards=_shards(to_execute, history, wanted.slots),
        reused=tuple(sorted(known)),
        skipped=tuple(sorted(skipped, key=lambda s: s.id)),
        estimates={t.id: history[t.id] for t in to_execute if t.id in history},
        store=str(store.folder),
        keys={tutorial.id: tutorial.key for tutorial in tutorials},
    )
    return plan_, known


def _shards(
    to_execute: Sequence[Tutorial], history: Mapping[str, float], slots: int
) -> tuple[Shard, ...]:
    """One node's shard; none when there is nothing to execute."""
    order = longest_first(to_execute, history)
    seconds = makespan([history.get(id_, 0.0) for id_ in order], slots)
    return (Shard("cpu-1", "cpu", seconds, tuple(order)),) if order else ()


def _reusable(tutorial: Tutorial, store: FolderStore) -> Result | None:
    for result in store.results(tutorial.key):
        if result.passed and store.has_bundle(result.bundle):
            return result
    return None


def _reason(tutorial: Tutorial, wanted: Wanted, chosen: frozenset[str]) -> Skipped | None:
    """Why a tutorial of which nothing is known isn't executed; None when it is."""
    if tutorial.excused:
        return Skipped(tutorial.id, tutorial.excused, on_page=True)
    if tutorial.needs.gpus > wanted.gpus:
        here = f"{wanted.gpus}" if wanted.gpus else "none"
        reason = f"it needs {tutorial.needs}; this machine has {here}"
        return Skipped(tutorial.id, reason, on_page=True)
    if wanted.execute is Execute.NEVER:
        return Skipped(tutorial.id, "not executed (--execute=never)")
    if tutorial.id not in chosen:
        return Skipped(tutorial.id, "not chosen on the command line")
    return None


def _chosen(tutorials: Sequence[Tutorial], paths: Sequence[str]) -> frozenset[str]:
    """Ids that the paths stand for; a path that stands for none is a `UsageError`."""
    ids = [tutorial.id for tutorial in tutorials]
    if not paths:
        return frozenset(ids)
    chosen: set[str] = set()
    for path in paths:
        found = [i for i in ids if i == path or i.startswith(f"{path.rstrip('/')}/")]
        found += fnmatch.filter(ids, path)
        if not found:
            raise UsageError(
                f"{path} is no tutorial of this project", remedy="`docbuild list` shows them"
            )
        chosen.update(found)
    return frozenset(chosen)
