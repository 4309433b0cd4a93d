"""The command line: parse, one call, print; one place that picks the exit code."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from docbuild import __version__
from docbuild.adapters.project_folder import Project, find_project
from docbuild.adapters.terminal import say
from docbuild.core.report import Report
from docbuild.errors import DocbuildError
from docbuild.pipeline import Options, build, tutorials_of
from docbuild.stages.execute import output_path
from docbuild.stages.inspect import list as listing
from docbuild.stages.plan import Execute

INTERRUPTED = 130
LINES_OF_OUTPUT = 15


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    ours, sphinx = _split(words)
    options = _parser().parse_args(ours)
    options.sphinx = tuple(sphinx)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except DocbuildError as error:
        say(f"docbuild: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("docbuild: interrupted; what has ended is kept, and the next build goes on from there")
        return INTERRUPTED


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    if "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docbuild", description="Build executable documentation.")
    parser.add_argument("--version", action="version", version=f"docbuild {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-C", dest="folder", default=".", metavar="DIR", help="the project")
    common.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build_ = commands.add_parser(
        "build",
        parents=[common],
        help="execute what has changed and build the site",
        epilog="What follows -- goes to sphinx-build: docbuild build -- -W -D language=de",
    )
    build_.add_argument("paths", nargs="*", metavar="PATH", help="execute only these tutorials")
    build_.add_argument("-j", dest="jobs", type=_jobs, metavar="N", help="tutorials at a time")
    build_.add_argument("--execute", choices=[e.value for e in Execute], default="changed")
    build_.add_argument("--site", type=Path, metavar="DIR", help="where the site goes")
    build_.set_defaults(command=_build)

    list_ = commands.add_parser("list", parents=[common], help="show the tutorials")
    list_.set_defaults(command=_list)
    return parser


def _jobs(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of slots nor auto")
    return int(text)


def _build(options: argparse.Namespace) -> int:
    project = find_project(Path(options.folder), options.site and options.site.absolute())
    paths = tuple(_id(path, project, options.folder) for path in options.paths)
    done = build(project, Options(Execute(options.execute), paths, options.jobs, options.sphinx))
    _print_report(project, done)
    if options.json:
        print(json.dumps(done.to_json(), indent=1))
    return 1 if done.failed else 0


def _id(path: str, project: Project, folder: str) -> str:
    """A tutorial's id from a path as the user sees it: from here, from -C, or from the root."""
    for start in (Path.cwd(), Path(folder).resolve()):
        candidate = Path(os.path.normpath(start / path))
        if candidate.exists() and candidate.is_relative_to(project.root):
            return candidate.relative_to(project.root).as_posix()
    return path


def _print_report(project: Project, report: Report) -> None:
    for entry in report.failed:
        failure = entry.result.failure if entry.result else None
        say(f"\n{entry.status}: {entry.tutorial.id}: {failure}")
        if failure and failure.traceback:
            say(_indented(failure.traceback))
        output = output_path(project, entry.tutorial.id)
        lines = output.read_text("utf-8", errors="replace").splitlines() if output.exists() else []
        if lines:
            say("  the end of its output:")
            say(_indented("\n".join(lines[-LINES_OF_OUTPUT:])))
        say(f"  alone: docbuild build {entry.tutorial.id}")
    counts = f"{report.executed} executed, {report.count('reused')} reused"
    say(f"\n{counts}, {report.count('skipped')} skipped, {len(report.failed)} failed")
    say(f"site: {report.site}")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())


def _list(options: argparse.Namespace) -> int:
    tutorials, seconds = tutorials_of(find_project(Path(options.folder)))
    if options.json:
        print(json.dumps({"tutorials": listing.rows(tutorials, seconds)}, indent=1))
    else:
        print("\n".join(listing.table(tutorials, seconds)))
    return 0
