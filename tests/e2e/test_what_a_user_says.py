"""What a project and its tutorials say of needs, skips and limits; and what docbuild prints."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys

import pytest
from projects import Project, gallery, myst_nb

METADATA = "# /// script\n# [tool.docbuild]\n# {}\n# ///\n"
no_gpu = pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there may be a GPU")


def with_metadata(line: str, code: str) -> str:
    return METADATA.format(line) + code


@no_gpu
def test_a_tutorial_that_needs_a_gpu_is_skipped_and_its_page_says_why(project: Project) -> None:
    gallery(project)
    code = "# %%\n# Some text.\n\nprint('on the GPU')"
    project.script("examples/plot_gpu.py", with_metadata("needs = {gpus = 1}", code))
    project.script("examples/plot_cpu.py", "print('on the CPU')")

    done = project.build()

    assert done.code == 0
    assert done.ids("passed") == {"examples/plot_cpu.py"}
    assert done.row("examples/plot_gpu.py")["reason"] == "it needs 1 GPU; this machine has none"
    page = project.page("auto_examples/plot_gpu")
    assert "Not executed: it needs 1 GPU; this machine has none." in page
    assert "tool.docbuild" not in page
    assert page.count('class="highlight-Python') == 1


@no_gpu
def test_a_notebook_says_in_its_own_way_what_it_needs(project: Project) -> None:
    myst_nb(project)
    project.notebook("docs/one.ipynb", "raise SystemError", docbuild={"needs": {"gpus": 1}})
    project.myst("docs/two.md", "raise SystemError", head="docbuild:\n  skip: not this week\n")

    done = project.build()

    assert done.code == 0
    assert done.ids("skipped") == {"docs/one.ipynb", "docs/two.md"}
    assert "Not executed: it needs 1 GPU" in project.page("one")
    assert "Not executed: not this week." in project.page("two")
    assert "gpus" not in project.page("one").split("Not executed")[0].split("<h1")[1]


def test_rules_of_the_project_hold_for_what_matches(project: Project) -> None:
    gallery(project)
    project.script("examples/plot_one.py", "print(1)")
    project.script("examples/plot_slow.py", "import time\ntime.sleep(60)")
    project.write(
        "pyproject.toml",
        """
        [[tool.docbuild.tutorials]]
        match = "examples/*_one.py"
        skip = {reason = "the data set has moved"}

        [[tool.docbuild.tutorials]]
        match = "*slow*"
        timeout = "2s"
        """,
    )

    done = project.build()

    assert done.row("examples/plot_one.py")["reason"] == "the data set has moved"
    assert "the data set has moved" in project.page("auto_examples/plot_one")
    assert done.status("examples/plot_slow.py") == "timed-out"


def test_a_limit_in_the_script_wins_over_the_project_s(project: Project) -> None:
    gallery(project)
    project.write("pyproject.toml", '[tool.docbuild]\ntimeout = "1s"\n')
    wait = "import time\ntime.sleep(2)\nprint('slept well')"
    project.script("examples/plot_one.py", with_metadata('timeout = "1m"', wait))

    assert project.build().code == 0
    assert "slept well" in project.page("auto_examples/plot_one")


def test_list_shows_engine_needs_and_the_last_run_time(project: Project) -> None:
    gallery(project)
    project.script("examples/plot_one.py", "import time\ntime.sleep(1.5)")
    project.script("examples/shown.py", "")
    gpu = with_metadata("needs = {gpus = 2}", "print(1)")
    project.script("examples/plot_gpu.py", gpu)
    project.build("examples/plot_one.py")

    lines = {line.split()[0]: line for line in project.docbuild("list").out.splitlines()}
    rows = json.loads(project.docbuild("list", "--json").out)["tutorials"]

    assert re.search(r"gallery +[1-9]\.\d s +-$", lines["examples/plot_one.py"])
    assert "2 GPUs" in lines["examples/plot_gpu.py"]
    assert "does not match filename_pattern" in lines["examples/shown.py"]
    by_id = {row["id"]: row for row in rows}
    assert by_id["examples/plot_one.py"]["seconds"] >= 1.5
    assert by_id["examples/plot_gpu.py"]["needs"] == {"gpus": 2}
    assert by_id["examples/shown.py"]["executed"] is False


def test_json_is_one_object_whose_counts_agree(project: Project) -> None:
    gallery(project)
    project.script("examples/plot_one.py", "print(1)")
    project.script("examples/plot_two.py", "1 / 0")
    project.script("examples/shown.py", "")

    done = project.docbuild("build", "--json")
    report = json.loads(done.out)

    assert set(report) == {"site", "executed", "reused", "skipped", "failed", "tutorials"}
    counts = report["executed"] + report["reused"] + report["skipped"]
    assert counts == len(report["tutorials"]) == 3
    assert (report["executed"], report["failed"]) == (2, 1)
    assert report["site"] == str(project.site)
    failure = next(r for r in report["tutorials"] if r["id"].endswith("two.py"))["failure"]
    assert (failure["type"], failure["where"]) == ("ZeroDivisionError", "line 7")


def test_a_log_has_a_line_for_each_tutorial_as_it_ends(project: Project) -> None:
    gallery(project)
    for name in "ab":
        project.script(f"examples/plot_{name}.py", "print(1)")

    lines = project.docbuild("build").err.splitlines()

    assert lines[0].startswith("execute 2 on ")
    assert re.match(r"\[1/2\] passed +\d+\.\d s  examples/plot_[ab]\.py$", lines[1])
    assert re.match(r"\[2/2\] passed +\d+\.\d s  examples/plot_[ab]\.py$", lines[2])


def test_a_terminal_shows_what_runs_and_the_estimate_of_earlier_runs(project: Project) -> None:
    gallery(project)
    project.script("examples/plot_a.py", "import time\ntime.sleep(2)")
    project.build()
    shown = on_a_terminal(project, "build", "--execute=all")
    assert re.search(r"\d s +examples/plot_a\.py +of about 2 s", shown)
    assert "left" in shown
    assert "Traceback" not in shown


def on_a_terminal(project: Project, *words: str) -> str:
    """What docbuild writes when its standard error is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "docbuild", *words]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, cwd=project.root, stderr=theirs, env=environment):
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
            shown += data
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
