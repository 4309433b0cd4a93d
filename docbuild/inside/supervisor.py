"""The process above a tutorial's: it waits, ends what hangs, and leaves no process behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

import psutil

from docbuild.adapters.channel import Channel

GRACE = 3.0
"""Seconds that a tutorial has, once its time is over, to say where it was."""
_PR_SET_CHILD_SUBREAPER = 36


def supervise(channel: Channel, limit: float, output: str, work: Callable[[], None]) -> NoReturn:
    """Run `work` in a process group of its own; send what it came to, and exit.

    `limit` is in seconds. The end of the channel's other side ends the tutorial, too.
    """
    adopt_orphans()
    woken = wake_on_child_exit()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        channel.close()
        become_tutorial(output)
        work()
        os._exit(0)
    timed_out = not _ended(channel, woken, child, started + limit)
    if timed_out:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGABRT)
        _ended(channel, woken, child, time.monotonic() + GRACE)
    seconds = time.monotonic() - started
    status = _end_all(child)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    with contextlib.suppress(OSError):
        channel.send(
            {
                "exit_code": os.waitstatus_to_exitcode(status),
                "timed_out": timed_out,
                "seconds": seconds,
                "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "peak_memory": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            }
        )
    os._exit(0)


def adopt_orphans() -> None:
    """Make processes whose parent died children of this one, so that they can be found."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wake_on_child_exit() -> int:
    """A descriptor that becomes readable when a child ends."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(write)
    return read


def become_tutorial(output: str) -> None:
    """Leave the build's session, terminal, output and signal handlers behind."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _ended(channel: Channel, woken: int, child: int, deadline: float) -> bool:
    """Wait for the child, docbuild's end of the channel, or the deadline: False."""
    while True:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        ready, _, _ = select.select([channel.fileno(), woken], [], [], left)
        if channel.fileno() in ready:
            return True
        if woken in ready:
            os.read(woken, 4096)


def _end_all(child: int) -> int:
    """Kill and reap every process that came of the tutorial; the exit status of its own."""
    if sys.platform != "linux":
        _kill_descendants()
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                _kill_descendants()
                os.waitpid(-1, 0)
        except ChildProcessError:
            return status


def _kill_descendants() -> None:
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
