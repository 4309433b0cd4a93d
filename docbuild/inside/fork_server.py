"""Serve docbuild from inside Sphinx: `conf.py` is loaded once, each tutorial is a fork of that."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import importlib.util
import os
import socket
import sys
import sysconfig
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docbuild.adapters.channel import Channel
from docbuild.adapters.mirror import Mirror
from docbuild.inside import tutorial_process
from docbuild.inside.session import EngineInside, Execution, Session
from docbuild.inside.supervisor import supervise


def serve(session: Session, engines: Mapping[str, EngineInside]) -> int:
    """Execute what docbuild asks for until it wants the site; the processes that may make it."""
    while True:
        request, files = session.channel.receive()
        if request is None or request["do"] == "close":
            sys.stdout.flush()
            os._exit(0)
        _reap()
        if request["do"] == "merge":
            session.decide(request["tutorials"])
            return int(request["jobs"])
        if request["do"] == "preload":
            for engine in engines.values():
                engine.prepare()
            session.channel.send({"preloaded": preload(request["modules"], session.mirror.root)})
            gc.collect()
            gc.freeze()  # what stays for ever is not copied by the collector in each fork
        if request["do"] == "execute":
            session.channel.send(
                {"pid": _fork(session, engines[request["engine"]], request, files)}
            )


def preload(modules: list[str], root: Path) -> list[str]:
    """Import what scripts share and is not the project's own: that may change.

    What can't be imported fails in the tutorial, not here.
    """
    imported = []
    for name in modules:
        with contextlib.suppress(Exception):
            if not _is_of_project(name, root):
                importlib.import_module(name)
                imported.append(name)
    return imported


def _is_of_project(name: str, root: Path) -> bool:
    spec = importlib.util.find_spec(name.partition(".")[0])
    places = [spec.origin, *(spec.submodule_search_locations or [])] if spec else []
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return any(
        Path(place).is_relative_to(root)
        and not any(Path(place).is_relative_to(p) for p in packages)
        for place in places
        if place
    )


def _fork(session: Session, engine: EngineInside, request: dict[str, Any], files: list[int]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            _supervise(session, engine, request, files[0])
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(70)
    os.close(files[0])
    return pid


def _supervise(
    session: Session, engine: EngineInside, request: dict[str, Any], channel: int
) -> None:

    session.channel.close()
    out = request["out"]
    execution = Execution(
        tutorial=request["tutorial"],
        workspace=Mirror(session.mirror.root, Path(request["workspace"]), session.mirror.excluded),
        failure=request["failure"],
    )
    supervise(
        Channel(socket.socket(fileno=channel)),
        request["limit"],
        os.path.join(out, "output.txt"),
        functools.partial(tutorial_process.run, engine, execution, out),
    )


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
