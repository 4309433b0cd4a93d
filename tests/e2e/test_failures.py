"""However a tutorial ends, its page says so, the others are built, and the exit code is 1."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from projects import Done, Project, gallery, myst_nb

SCRIPTS = {
    "raises": "print('so far')\n# %%\n# Then.\n\n1 / 0",
    "exits_0": "import sys\n# %%\n# Then.\n\nsys.exit(0)",
    "exits_3": "import sys\nsys.exit(3)",
    "leaves": "import os\nos._exit(0)",
    "aborts": "import os\nos.abort()",
    "segfaults": "import ctypes\ndef f():\n    ctypes.string_at(0)\n# %%\n# Then.\n\nf()",
    "is_killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "sleeps": "import time\nprint('going to sleep')\n# %%\n# Then.\n\ntime.sleep(600)",
    "computes": "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    "interrupts": "raise KeyboardInterrupt",
    "asks": "input('?')",
    "syntax": "def f(:",
    "unexpected_pass": "print('fine')",
    "undrawable": (
        "import matplotlib.pyplot as plt\nplt.title(r'$\\frac{$')\nraise ValueError('while open')"
    ),
}
WHERE = {
    "raises": "line 11",
    "exits_0": "line 11",
    "exits_3": "line 8",
    "segfaults": "line 9",
    "sleeps": "line 12",
    "computes": "line 8",
    "undrawable": "line 9",
}
OUTCOMES = {
    "aborts": "crashed",
    "segfaults": "crashed",
    "is_killed": "crashed",
    "sleeps": "timed-out",
    "computes": "timed-out",
}
ON_PAGE = {
    "raises": "ZeroDivisionError: division by zero",
    "exits_0": "SystemExit: 0",
    "exits_3": "SystemExit: 3",
    "leaves": "exit code 0",
    "aborts": "SIGABRT",
    "segfaults": "SIGSEGV",
    "is_killed": "SIGKILL",
    "sleeps": "limit of 6 s",
    "computes": "limit of 6 s",
    "interrupts": "KeyboardInterrupt",
    "asks": "Cannot use input()",
    "syntax": "SyntaxError",
    "undrawable": "ValueError: while open",
}
UNREADABLE = {
    "no_docstring": ("x = 1\n", "docstring"),
    "unmatched": ('"""\nT\n=\n"""\n# sphinx_gallery_start_ignore\nx = 1\n', "sphinx_gallery_end_"),
    "bad_metadata": ('"""\nT\n=\n"""\n# /// script\n# a = \n# ///\nx = 1\n', "Invalid value"),
}
GOOD = {"examples/plot_good.py", "examples/plot_expected.py", "examples/plot_forks.py"}


def id_of(name: str) -> str:
    return f"examples/plot_{name}.py"


@pytest.fixture(scope="module")
def scripts(module_project: Callable[[], Project]) -> Project:
    expected = [f"../{id_of('expected')}", f"../{id_of('unexpected_pass')}"]
    project = gallery(
        module_project(), f"sphinx_gallery_conf['expected_failing_examples'] = {expected}"
    )
    project.write("pyproject.toml", '[tool.docbuild]\ntimeout = "6s"\n')
    for name, code in SCRIPTS.items():
        project.script(id_of(name), code)
    for name, (text, _) in UNREADABLE.items():
        project.write(id_of(name), text)
    (project.root / id_of("not_utf8")).write_bytes(b'"""\nT\n=\n"""\n# \xff\n')
    project.script(id_of("good"), "print('good')")
    project.script(id_of("expected"), "raise ValueError('as expected')")
    project.script(id_of("forks"), "import os\nif os.fork() == 0:\n    x = 1\nprint('parent')")
    return project


@pytest.fixture(scope="module")
def build(scripts: Project) -> Done:
    return scripts.build("-j", "4")


def test_the_good_ones_pass_and_the_command_ends_with_1(build: Done) -> None:
    assert build.code == 1, build.err
    assert build.ids("passed") == GOOD
    assert build.report["failed"] == len(SCRIPTS) + len(UNREADABLE) + 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_outcome_and_place_are_reported(build: Done, name: str) -> None:
    row = build.row(id_of(name))
    assert row["status"] == OUTCOMES.get(name, "failed")
    assert row["failure"]["where"].startswith(WHERE.get(name, ""))


@pytest.mark.parametrize("name", ON_PAGE)
def test_the_page_shows_the_failure(scripts: Project, build: Done, name: str) -> None:
    page = scripts.page(f"auto_examples/plot_{name}")
    assert "sphx-glr-script-out" in page
    assert ON_PAGE[name] in page.replace("<span></span>", "").replace("&#39;", "'") or all(
        part in page for part in ON_PAGE[name].split(": ")
    )


@pytest.mark.parametrize("name", [*UNREADABLE, "not_utf8"])
def test_a_script_that_cannot_be_read_is_a_page_that_says_why(
    scripts: Project, build: Done, name: str
) -> None:
    assert build.status(id_of(name)) == "failed"
    page = scripts.page(f"auto_examples/plot_{name}")
    assert "read." in page
    assert UNREADABLE.get(name, ("", "UnicodeDecodeError"))[1] in page


def test_every_script_has_a_thumbnail_in_the_gallery(scripts: Project, build: Done) -> None:
    index = scripts.page("auto_examples/index")
    for row in build.report["tutorials"]:
        stem = row["id"].removeprefix("examples/").removesuffix(".py")
        assert f"sphx_glr_{stem}_thumb.png" in index


def test_the_list_at_the_end_says_how_to_run_each_alone(build: Done) -> None:
    for name in SCRIPTS:
        assert f"docbuild build {id_of(name)}" in build.err
    assert "ZeroDivisionError: division by zero" in build.err
    assert "going to sleep" in build.err  # the end of the output of one that hung


def test_the_traceback_names_the_project_not_its_mirror(scripts: Project, build: Done) -> None:
    page = scripts.page("auto_examples/plot_raises")
    assert str(scripts.root / id_of("raises")) in page
    assert ".docbuild" not in page
    assert ".docbuild" not in build.row(id_of("raises"))["failure"]["traceback"]


def test_the_next_build_executes_the_failed_ones_again(scripts: Project, build: Done) -> None:
    again = scripts.build(id_of("raises"), id_of("good"))
    assert again.ids("failed") == {id_of("raises")}
    assert again.ids("reused") == GOOD


@pytest.fixture(scope="module")
def notebooks(module_project: Callable[[], Project]) -> Project:
    project = myst_nb(module_project(), 'nb_execution_mode = "force"\n')
    project.write("pyproject.toml", '[tool.docbuild]\ntimeout = "12s"\n')
    project.notebook("docs/good.ipynb", "print('good')")
    project.notebook("docs/raises.ipynb", "x = 1", "print('so far')\nraise ValueError('told')")
    project.notebook("docs/dies.ipynb", "x = 1", "import os\nos._exit(3)")
    project.notebook("docs/killed.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    project.notebook("docs/hangs.ipynb", "print('first cell')", "import time\ntime.sleep(600)")
    project.notebook(
        "docs/slow_cell.ipynb", "import time\ntime.sleep(600)", execution={"timeout": 2}
    )
    project.notebook(
        "docs/no_kernel.ipynb", "1", kernelspec={"name": "klingon", "display_name": "K"}
    )
    project.write("docs/no_json.ipynb", "{not json")
    return project


@pytest.fixture(scope="module")
def notebook_build(notebooks: Project) -> Done:
    return notebooks.build("-j", "3")


@pytest.mark.parametrize(
    ("name", "status", "where", "text"),
    [
        ("raises", "failed", "cell 2", "ValueError"),
        ("dies", "crashed", "cell 2", "DeadKernelError"),
        ("killed", "crashed", "cell 1", "DeadKernelError"),
        ("hangs", "timed-out", "cell 2", "TimeoutError"),
        ("slow_cell", "timed-out", "cell 1", "CellTimeoutError"),
        ("no_kernel", "failed", "", "klingon"),
        ("no_json", "failed", "", "NotJSONError"),
    ],
)
def test_a_notebook_that_fails_is_a_page_that_says_so(  # noqa: PLR0917
    notebooks: Project, notebook_build: Done, name: str, status: str, where: str, text: str
) -> None:
    row = notebook_build.row(f"docs/{name}.ipynb")
    assert (row["status"], row["failure"]["where"]) == (status, where)
    assert text in notebooks.page(name)


def test_what_a_notebook_printed_before_it_hung_is_on_its_page(
    notebooks: Project, notebook_build: Done
) -> None:
    assert "first cell" in notebooks.page("hangs")


def test_the_good_notebook_passes(notebooks: Project, notebook_build: Done) -> None:
    assert notebook_build.code == 1, notebook_build.err
    assert notebook_build.ids("passed") == {"docs/good.ipynb"}
    assert "good" in notebooks.page("good")
