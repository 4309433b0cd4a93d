"""Each tutorial runs in a process of its own and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from projects import Project, gallery, myst_nb

LOOK = """
import json, os, random, sys, threading
import matplotlib
import matplotlib.pyplot as plt
import numpy

seen = {
    "figures": plt.get_fignums(),
    "line width": matplotlib.rcParams["lines.linewidth"],
    "module": "colorsys" in sys.modules,
    "environment": os.environ.get("LEFT_BEHIND"),
    "folder": os.path.basename(os.getcwd()),
    "files": sorted(os.listdir()),
    "numpy": numpy.random.random(),
    "random": random.random(),
    "group": os.getpgid(0),
    "process": os.getpid(),
    "threads": os.environ["OMP_NUM_THREADS"],
    "leaked attribute": hasattr(numpy, "left_behind"),
}
print("SEEN" + json.dumps(seen) + "NEES")
"""
MESS = """
import colorsys, os, random, subprocess, threading
import matplotlib
import matplotlib.pyplot as plt
import numpy

plt.figure()
matplotlib.rcParams["lines.linewidth"] = 40
os.environ["LEFT_BEHIND"] = "yes"
numpy.left_behind = True
numpy.random.seed(1)
random.seed(1)
open("left-behind.txt", "w").close()
open("data.txt", "w").write("overwritten")
subprocess.Popen(["sleep", "7777"])
subprocess.Popen(["sleep", "8888"], start_new_session=True)
os.chdir("/")
threading.Thread(target=lambda: __import__("time").sleep(60)).start()
"""


def seen_on(page: str) -> dict[str, Any]:
    text = page.replace("&quot;", '"').replace("&#39;", "'")
    found: dict[str, Any] = json.loads(text.split("SEEN", 1)[1].split("NEES", 1)[0])
    return found


def sleepers() -> set[str]:
    command_lines = (p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"]))
    return {line[1] for line in command_lines if line[:1] == ["sleep"]}


@pytest.fixture(scope="module")
def scripts(module_project: Callable[[], Project]) -> Project:
    project = gallery(module_project())
    project.write("examples/data.txt", "original")
    project.script("examples/plot_1_look.py", LOOK)
    project.script("examples/plot_2_mess.py", MESS)
    project.script("examples/plot_3_look.py", LOOK)
    done = project.build("-j", "1")
    assert done.code == 0, done.err
    assert done.report["executed"] == 3
    return project


@pytest.fixture(scope="module")
def looks(scripts: Project) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = (
        (scripts.site / f"_sources/auto_examples/plot_{i}_look.rst.txt").read_text() for i in (1, 3)
    )
    return seen_on(before.split("rst-class:: sphx-glr-script-out")[1]), seen_on(
        after.split("rst-class:: sphx-glr-script-out")[1]
    )


@pytest.mark.parametrize(
    "what",
    ["figures", "line width", "module", "environment", "folder", "files", "leaked attribute"],
)
def test_nothing_reaches_the_next_tutorial(looks: Any, what: str) -> None:
    before, after = looks
    assert after[what] == before[what]


@pytest.mark.parametrize("what", ["numpy", "random", "group", "process"])
def test_each_has_random_numbers_and_a_process_group_of_its_own(looks: Any, what: str) -> None:
    before, after = looks
    assert after[what] != before[what]
    assert before["group"] == before["process"]


def test_threads_are_capped_to_a_slot_s_share_of_the_cores(looks: Any) -> None:
    assert looks[0]["threads"] == str(len(os.sched_getaffinity(0)))


def test_no_process_survives(scripts: Project) -> None:
    assert not sleepers() & {"7777", "8888"}


def test_a_file_of_the_project_is_not_written_over(scripts: Project) -> None:
    assert (scripts.root / "examples/data.txt").read_text() == "original"
    assert not (scripts.root / "examples/left-behind.txt").exists()


def test_kernels_and_what_they_started_are_gone(project: Project) -> None:
    myst_nb(project)
    start = 'import subprocess\nsubprocess.Popen(["sleep", "6666"], start_new_session=True)'
    project.notebook("docs/one.ipynb", start, "print('still here')")

    done = project.build()

    assert done.code == 0, done.err
    assert "6666" not in sleepers()
    kernels = [p for p in psutil.process_iter(["cmdline"]) if "ipykernel" in str(p.info["cmdline"])]
    assert not [k for k in kernels if str(project.root) in str(k.cwd())]


def test_project_modules_are_imported_anew_by_each_tutorial(project: Project) -> None:
    gallery(project, "sphinx_gallery_conf['ignore_pattern'] = 'helper'")
    project.write("examples/helper.py", "calls = []\n")
    for name in "abcdef":
        code = "import helper\nhelper.calls.append(1)\nprint(f'calls: {len(helper.calls)}')"
        project.script(f"examples/plot_{name}.py", code)

    assert project.build().code == 0

    for name in "abcdef":
        assert "calls: 1" in project.page(f"auto_examples/plot_{name}")


CONFIGURED = """
import os

value = os.environ.get("SETTING", "unset")
"""


def test_what_one_script_configures_is_preloaded_for_none(project: Project, tmp_path: Path) -> None:
    package = tmp_path / "installed"
    package.mkdir()
    (package / "configured.py").write_text(CONFIGURED)
    gallery(project)
    use = "import configured\nprint(configured.value)"
    for name in "abcdef":
        project.script(f"examples/plot_{name}.py", use)
    project.script("examples/plot_g.py", f"import os\nos.environ['SETTING'] = 'set'\n{use}")

    assert project.build(env={"PYTHONPATH": str(package)}).code == 0

    source = project.site / "_sources/auto_examples/plot_g.rst.txt"
    assert "\n    set\n" in source.read_text()


def test_what_many_scripts_import_is_imported_once(project: Project, tmp_path: Path) -> None:
    package, log = tmp_path / "installed", tmp_path / "imports.txt"
    package.mkdir()
    (package / "heavy.py").write_text(f"open({str(log)!r}, 'a').write('imported\\n')\n")
    gallery(project)
    for name in "abcdef":
        project.script(f"examples/plot_{name}.py", "import heavy\nprint(1)")

    assert project.build("-j", "2", env={"PYTHONPATH": str(package)}).code == 0

    assert log.read_text() == "imported\n"


def test_the_test_can_tell_a_survivor() -> None:
    with subprocess.Popen(["sleep", "5555"]) as process:
        assert "5555" in sleepers()
        process.kill()
