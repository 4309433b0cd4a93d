"""What has not changed is not executed again."""

from __future__ import annotations

import shutil

from projects import Project, gallery, myst_nb


def three_scripts(project: Project) -> Project:
    gallery(project)
    for name in "abc":
        project.script(f"examples/plot_{name}.py", f"print('this is {name}')")
    return project


def test_a_second_build_executes_nothing_and_says_so(project: Project) -> None:
    three_scripts(project)
    first = project.build()
    assert first.report["executed"] == 3, first.err

    second = project.build()

    assert second.code == 0
    assert (second.report["executed"], second.report["reused"]) == (0, 3)
    assert "0 executed, 3 reused" in second.err
    assert "this is b" in project.page("auto_examples/plot_b")


def test_a_changed_source_is_executed_and_its_page_is_new(project: Project) -> None:
    three_scripts(project)
    project.build()
    project.script("examples/plot_b.py", "print('something else')")

    done = project.build()

    assert done.ids("passed") == {"examples/plot_b.py"}
    assert done.ids("reused") == {"examples/plot_a.py", "examples/plot_c.py"}
    assert "something else" in project.page("auto_examples/plot_b")


def test_a_changed_notebook_is_executed_and_its_page_is_new(project: Project) -> None:
    myst_nb(project)
    project.notebook("docs/one.ipynb", "print('first')")
    project.myst("docs/two.md", "print('second')")
    assert project.build().report["executed"] == 2
    project.notebook("docs/one.ipynb", "print('other')")

    done = project.build()

    assert done.ids("passed") == {"docs/one.ipynb"}
    assert done.ids("reused") == {"docs/two.md"}
    assert "other" in project.page("one")
    assert "second" in project.page("two")


def test_everything_is_executed_on_demand(project: Project) -> None:
    three_scripts(project)
    project.build()
    assert project.build("--execute=all").report["executed"] == 3


def test_a_failed_notebook_is_executed_again_and_its_page_changes(project: Project) -> None:
    """Its source is the same, so Sphinx alone would not read the page again."""
    myst_nb(project)
    project.myst("docs/one.md", "import os\nprint(9 / int(os.environ['DIVISOR']))")
    assert project.build(env={"DIVISOR": "0"}).code == 1
    assert "ZeroDivisionError" in project.page("one")

    done = project.build(env={"DIVISOR": "2"})

    assert done.code == 0
    assert done.ids("passed") == {"docs/one.md"}
    assert "4.5" in project.page("one")
    assert "ZeroDivisionError" not in project.page("one")


def test_the_work_folder_may_be_deleted(project: Project) -> None:
    three_scripts(project)
    project.build()
    pages = sorted(path.name for path in project.site.rglob("*.html"))
    shutil.rmtree(project.root / ".docbuild")

    done = project.build()

    assert (done.code, done.report["executed"]) == (0, 3)
    assert sorted(path.name for path in project.site.rglob("*.html")) == pages


def test_a_path_restricts_execution_and_the_whole_site_is_built(project: Project) -> None:
    three_scripts(project)

    done = project.build("examples/plot_b.py")

    assert done.code == 0
    assert done.ids("passed") == {"examples/plot_b.py"}
    assert done.ids("skipped") == {"examples/plot_a.py", "examples/plot_c.py"}
    assert "this is b" in project.page("auto_examples/plot_b")
    assert project.page("auto_examples/plot_a")
    assert "plot_c.html" in project.page("auto_examples/index")


def test_never_shows_what_is_known(project: Project) -> None:
    three_scripts(project)
    project.build("examples/plot_b.py")

    done = project.build("--execute=never")

    assert (done.code, done.report["executed"]) == (0, 0)
    assert done.ids("reused") == {"examples/plot_b.py"}
    assert "sphx-glr-script-out" in project.page("auto_examples/plot_b")
    assert "sphx-glr-script-out" not in project.page("auto_examples/plot_a")


def test_a_tutorial_that_is_gone_leaves_no_page(project: Project) -> None:
    three_scripts(project)
    project.write("docs/extra.rst", ":orphan:\n\nExtra\n=====\n")
    project.build()
    (project.root / "examples/plot_b.py").rename(project.root / "examples/plot_d.py")
    (project.root / "docs/extra.rst").unlink()

    done = project.build()

    assert done.code == 0, done.err
    assert done.ids("passed") == {"examples/plot_d.py"}
    names = {path.name for path in project.site.rglob("*") if "plot_" in path.name}
    assert not any("plot_b" in name for name in names if name.endswith((".html", ".txt")))
    assert "plot_b.html" not in project.page("auto_examples/index")
    assert not (project.site / "extra.html").exists()


def test_a_damaged_store_costs_an_execution_and_nothing_else(project: Project) -> None:
    three_scripts(project)
    project.build()
    for record in (project.root / ".docbuild/store").rglob("results/**/*.json"):
        record.write_text('{"format": 1, "tutorial": 3')

    done = project.build()

    assert (done.code, done.report["executed"]) == (0, 3)
