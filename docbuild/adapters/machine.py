"""What this machine offers."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def gpus() -> int:
    """NVIDIA GPUs that the driver lists."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def environment_for(slots: int) -> dict[str, str]:
    """Variables that keep a tutorial's threads to its share of the cores."""
    share = str(max(1, cores() // slots))
    return {name: os.environ.get(name, share) for name in THREAD_LIMITS}
