"""The life of a tutorial's process, from the fork to the last byte of its outcome."""

from __future__ import annotations

import faulthandler
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from docbuild.inside.session import EngineInside, Execution

OUTCOME = "outcome.json"
STACK = "stack.txt"


def run(engine: EngineInside, execution: Execution, out: str) -> None:
    """Execute, and leave `outcome.json` in `out`, written last and whole."""
    me = os.getpid()
    forget_the_parent()
    with open(os.path.join(out, STACK), "wb") as stack:
        faulthandler.enable(stack)
        outcome = engine.execute(execution)
        faulthandler.disable()
    if os.getpid() == me:  # a tutorial may have forked and forgotten to leave
        write_whole(Path(out, OUTCOME), outcome)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def forget_the_parent() -> None:
    """Give this process random numbers of its own, as a fresh one would have."""
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def write_whole(path: Path, data: dict[str, Any]) -> None:
    """Write JSON so that a reader sees all of it or nothing."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data), "utf-8")
    part.rename(path)
