"""The whole road on one screen: discover, plan, execute, merge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from docbuild.adapters import machine
from docbuild.adapters.project_folder import Project, locked
from docbuild.adapters.sphinx_process import SphinxProcess, builder_of
from docbuild.adapters.store import FolderStore, write_atomically
from docbuild.adapters.terminal import announcement, say, show
from docbuild.core.history import last_runs
from docbuild.core.report import Report, report
from docbuild.core.tutorial import Tutorial
from docbuild.stages.discover import discover
from docbuild.stages.execute import Node, execute
from docbuild.stages.merge import merge
from docbuild.stages.plan import Execute, Wanted, plan


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks of a build."""

    execute: Execute = Execute.CHANGED
    paths: tuple[str, ...] = ()
    jobs: int | None = None
    sphinx_arguments: tuple[str, ...] = ()


def build(project: Project, options: Options) -> Report:
    """Build the site on this machine."""
    slots = options.jobs or project.settings.jobs or machine.cores()
    store = FolderStore(project.store)
    with locked(project), _sphinx(project, slots, options.sphinx_arguments) as sphinx:
        described = sphinx.description()
        tutorials = discover(project, described["tutorials"])
        wanted = Wanted(options.execute, options.paths, slots, machine.gpus())
        made, known = plan(tutorials, store, wanted)
        write_atomically(project.work / "plan.json", json.dumps(made.to_json(), indent=1).encode())
        say(announcement(made, slots))
        results = dict(known)
        with show(made, slots) as progress:
            node = Node(project, sphinx, store, frozenset(described["generated"]), slots, progress)
            for shard in made.shards:
                results |= execute(node, shard, {t.id: t for t in tutorials})
        site = merge(project, made, tutorials, results, sphinx=sphinx, store=store, jobs=slots)
    return report(str(site), tutorials, made, results)


def tutorials_of(project: Project) -> tuple[tuple[Tutorial, ...], dict[str, float]]:
    """The tutorials of a project, and the seconds that each took."""
    with locked(project), _sphinx(project, 1, ()) as sphinx:
        tutorials = discover(project, sphinx.description()["tutorials"])
    return tutorials, last_runs(FolderStore(project.store).history())


def _sphinx(project: Project, slots: int, arguments: Sequence[str]) -> SphinxProcess:
    return SphinxProcess(
        mirror=project.mirror,
        source=project.source,
        conf=project.conf,
        out=project.work / "sphinx" / builder_of(arguments),
        arguments=arguments,
        environment=machine.environment_for(slots),
    )
