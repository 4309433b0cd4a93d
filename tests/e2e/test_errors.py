"""What is wrong from the start ends with a clear message and the documented exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from projects import Project, gallery


def one_script(project: Project) -> Project:
    gallery(project)
    project.script("examples/plot_one.py", "print(1)")
    return project


def test_no_project(project: Project) -> None:
    done = project.build()
    assert done.code == 2
    assert "there is no Sphinx project" in done.err
    assert "source = " in done.err


def test_several_projects(project: Project) -> None:
    project.write("docs/conf.py", "")
    project.write("doc/conf.py", "")
    done = project.build()
    assert done.code == 2
    assert "several Sphinx projects: docs, doc" in done.err


def test_a_folder_with_conf_py_is_the_project_when_docbuild_starts_there(project: Project) -> None:
    one_script(project)
    project.write("doc/conf.py", "")
    done = project.docbuild("list", "-C", "docs")
    assert done.code == 0, done.err
    assert "examples/plot_one.py" in done.out


def test_no_tutorial(project: Project) -> None:
    project.write("docs/conf.py", "")
    project.write("docs/index.rst", "P\n=\n")
    done = project.build()
    assert done.code == 2
    assert "no tutorial" in done.err


def test_a_conf_py_that_raises(project: Project) -> None:
    project.write("docs/conf.py", "import nowhere_to_be_found\n")
    done = project.build()
    assert done.code == 2
    assert "No module named 'nowhere_to_be_found'" in done.err
    assert "line 1" in done.err
    assert "docbuild/" not in done.err  # no traceback of ours


def test_an_extension_that_is_not_installed(project: Project) -> None:
    project.write("docs/conf.py", 'extensions = ["nowhere_to_be_found"]\n')
    done = project.build()
    assert done.code == 2
    assert "Could not import extension nowhere_to_be_found" in done.err


def test_an_old_sphinx_gallery(project: Project, tmp_path: Path) -> None:
    one_script(project)
    old = tmp_path / "old"
    project.root.parent.joinpath("old/sphinx_gallery-0.17.1.dist-info").mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: sphinx-gallery\nVersion: 0.17.1\n"
    (old / "sphinx_gallery-0.17.1.dist-info/METADATA").write_text(metadata)
    done = project.build(env={"PYTHONPATH": str(old)})
    assert done.code == 2
    assert "needs sphinx-gallery 0.22 or later; 0.17.1 is installed" in done.err


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('timeuot = "3m"', "did you mean timeout?"),
        ('timeout = "soon"', "no duration"),
        ("jobs = 0", "jobs can't be 0"),
        ('source = "nowhere"', "no folder of the project"),
        ('store = "s3://bucket"', "is a URL"),
        ('[[tool.docbuild.tutorials]]\nskip = "why"', "a rule needs a glob"),
        ('[[tool.docbuild.tutorials]]\nmatch = "*"\nneeds = {gpu = 1}', "needs can't be"),
        ("jobs = [", "no TOML"),
    ],
)
def test_settings_that_make_no_sense(project: Project, settings: str, told: str) -> None:
    one_script(project)
    project.write("pyproject.toml", f"[tool.docbuild]\n{settings}\n")
    done = project.build()
    assert done.code == 2
    assert told in done.err
    assert "pyproject.toml" in done.err


def test_a_misspelt_setting_in_a_script(project: Project) -> None:
    one_script(project)
    project.script(
        "examples/plot_two.py", "# /// script\n# [tool.docbuild]\n# need = 1\n# ///\nx = 1"
    )
    done = project.build()
    assert done.code == 2
    assert "examples/plot_two.py: docbuild does not know the setting 'need'" in done.err


def test_a_path_that_is_no_tutorial(project: Project) -> None:
    one_script(project)
    done = project.build("examples/plot_none.py")
    assert done.code == 2
    assert "no tutorial of this project" in done.err


def test_a_failing_sphinx_pass_leaves_the_site_of_the_last_good_build(project: Project) -> None:
    one_script(project)
    assert project.build().code == 0
    before = project.page("index")
    project.write("docs/index.rst", "P\n=\n\nA :ref:`reference to nothing`.\n")

    done = project.build("--", "-W")

    assert done.code == 3
    assert "reference to nothing" in done.err
    assert f"{project.root}/docs/index.rst:4" in done.err
    assert project.page("index") == before


def test_warnings_of_sphinx_are_shown(project: Project) -> None:
    one_script(project)
    project.write("docs/index.rst", "P\n=\n\nA :ref:`reference to nothing`.\n")
    done = project.build()
    assert done.code == 0
    assert "undefined label: 'reference to nothing'" in done.err


SLEEP = """
import subprocess, time
subprocess.Popen(["sleep", "4242"], start_new_session=True)
time.sleep(60)
"""


def started(project: Project) -> subprocess.Popen[str]:
    """A build in which a tutorial runs."""
    gallery(project)
    project.script("examples/plot_sleeps.py", SLEEP)
    process = subprocess.Popen(
        [sys.executable, "-m", "docbuild", "build"],
        cwd=project.root,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_ctrl_c,  # noqa: PLW1509 (this process has no threads)
    )
    wait_until(lambda: "4242" in processes(), "the tutorial's own child runs")
    return process


def _heed_ctrl_c() -> None:
    """A process in the background of a shell would ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def processes() -> str:
    return str([p.info["cmdline"] for p in psutil.process_iter(["cmdline"])])


def wait_until(true: object, what: str) -> None:
    assert callable(true)
    for _ in range(300):
        if true():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within 30 s: {what}")


def test_ctrl_c_ends_all_and_says_that_nothing_is_lost(project: Project) -> None:
    process = started(project)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    wait_until(lambda: "4242" not in processes(), "nothing is left")
    assert str(project.root) not in processes()


def test_a_killed_build_leaves_no_process(project: Project) -> None:
    process = started(project)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: "4242" not in processes(), "nothing is left")
    wait_until(lambda: str(project.root) not in processes(), "no process of the build is left")


def test_two_builds_of_one_folder_do_not_meet(project: Project) -> None:
    process = started(project)
    done = project.build()
    assert done.code == 3
    assert "another build of this project is running" in done.err
    process.kill()
    process.communicate()


def test_examples_outside_of_the_project(project: Project) -> None:
    one_script(project)
    project.write("docs/conf.py", 'extensions = ["sphinx_gallery.gen_gallery"]\n')
    project.write("docs/pyproject.toml", "")
    (project.root / "pyproject.toml").unlink()
    done = project.docbuild("build", "-C", "docs")
    assert done.code == 2
    assert "examples_dirs: ../examples is outside of the project's root" in done.err
    assert "pyproject.toml" in done.err


def test_notebooks_that_the_gallery_generates_are_not_taken_for_sources(project: Project) -> None:
    one_script(project)
    conf = project.root / "docs/conf.py"
    conf.write_text(conf.read_text().replace("sphinx_gallery.gen_gallery", GALLERY_AND_NOTEBOOKS))
    told = 'exclude_patterns = ["auto_examples/**.ipynb"]'
    assert told in project.build().err
    conf.write_text(f"{conf.read_text()}\n{told}\n")
    assert "exclude_patterns" not in project.build().err


GALLERY_AND_NOTEBOOKS = 'sphinx_gallery.gen_gallery", "myst_nb'
