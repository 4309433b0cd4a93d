"""The site is the one that sphinx-build makes, and the project's folders are untouched."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from projects import Done, Project, gallery, myst_nb, needs
from same_site import differences

SCRAPER = '''
from pathlib import Path

from sphinx_gallery.scrapers import matplotlib_scraper


class Scraper:
    """Writes a data file beside each image, and shows it as a download."""

    def __repr__(self):
        return "Scraper"

    def __call__(self, block, block_vars, gallery_conf, **kwargs):
        before = len(block_vars["image_path_iterator"])
        rst = matplotlib_scraper(block, block_vars, gallery_conf, **kwargs)
        for path in block_vars["image_path_iterator"].paths[before:]:
            data = Path(path).with_suffix(".data")
            data.write_text(f"data of {data.name}")
            place = data.relative_to(gallery_conf["src_dir"]).as_posix()
            rst += f"\\n\\n:download:`data </{place}>`\\n\\n"
        return rst


def reset(gallery_conf, fname):
    import numpy

    numpy.random.seed(7)
'''


def assert_same(project: Project, source: str, *sphinx: str) -> Done:
    """Build both ways; pages are the same, and the project is as it was."""
    plain = project.root.parent / "plain"
    before = project.snapshot()
    project.sphinx_build(source, plain, *sphinx)
    assert project.snapshot() == before
    done = project.build("--", *sphinx)
    assert differences(plain, project.site) == []
    assert project.snapshot() == before
    return done


def test_a_gallery_project_with_all_that_sphinx_gallery_offers(project: Project) -> None:
    gallery(project)
    project.write("docs/scraping.py", SCRAPER)
    project.write(
        "docs/conf.py",
        """
        import sys
        from pathlib import Path

        sys.path.insert(0, str(Path(__file__).parent))
        from scraping import Scraper, reset

        project = "p"
        extensions = ["sphinx.ext.autodoc", "sphinx_gallery.gen_gallery"]
        sphinx_gallery_conf = {
            "examples_dirs": ["../examples", "more"],
            "gallery_dirs": ["auto_examples", "auto_more"],
            "filename_pattern": r"/plot_|/run_",
            "ignore_pattern": r"__init__|ignored",
            "example_extensions": {".py", ".cpp"},
            "expected_failing_examples": ["../examples/plot_expected.py"],
            "image_scrapers": (Scraper(),),
            "image_srcset": ["2x"],
            "reset_modules": ("matplotlib", reset),
            "capture_repr": ("__repr__",),
            "backreferences_dir": "generated",
            "doc_module": ("numpy",),
            "junit": "junit.xml",
        }
        """,
    )
    project.write(
        "docs/index.rst",
        """
        P
        =

        .. toctree::

           auto_examples/index
           auto_more/index

        .. minigallery:: numpy.arange
        """,
    )
    project.write("examples/sub/GALLERY_HEADER.rst", "Sub\n---\n\nA subsection.\n")
    project.write("docs/more/README.rst", "More\n====\n")
    project.script("examples/__init__.py", "")
    project.script("examples/plot_ignored.py", "raise SystemError")
    project.script("examples/shown.py", "print('not executed')")
    project.write("examples/other.cpp", "// Title\n// =====\n//\n// Text.\n\nint main() {}\n")
    project.script(
        "examples/plot_figures.py",
        """
        import matplotlib.pyplot as plt
        import numpy as np

        # sphinx_gallery_thumbnail_number = 2
        plt.plot(np.arange(3))
        plt.title("first")
        # %%
        # Text between blocks: two figures, one deferred.

        plt.figure()
        plt.plot(np.random.rand(3))
        # sphinx_gallery_defer_figures
        # %%
        # More.

        plt.title("second")
        np.arange(3)
        """,
    )
    project.script(
        "examples/sub/run_output.py",
        """
        import sys
        import warnings

        print("to stdout")
        print("to stderr", file=sys.stderr)
        print(sys.argv[1:])
        warnings.warn("careful")
        Path = "last expression"
        Path
        """,
    )
    project.script("examples/sub/plot_raises.py", "print('so far')\n# %%\n# Now.\n\n1 / 0\n")
    project.script("examples/plot_expected.py", "raise ValueError('as expected')")
    project.script(
        "docs/more/plot_hidden.py",
        """
        # sphinx_gallery_start_ignore
        hidden = 1
        # sphinx_gallery_end_ignore
        print(hidden)
        open("left-behind.txt", "w").write("beside the script")
        """,
    )

    done = assert_same(project, "docs")

    assert done.code == 1
    assert done.status("examples/sub/plot_raises.py") == "failed"
    assert done.ids("passed") == {
        "docs/more/plot_hidden.py",
        "examples/plot_expected.py",
        "examples/plot_figures.py",
        "examples/sub/run_output.py",
    }
    assert done.ids("skipped") == {"examples/other.cpp", "examples/shown.py"}


def test_a_myst_nb_project_of_notebooks_and_myst_files(project: Project) -> None:
    myst_nb(project, 'nb_execution_mode = "force"\nnb_execution_excludepatterns = ["ex*.ipynb"]\n')
    cells = (
        "import sys\nprint(1)\nprint(2, file=sys.stderr)",
        "1 / 0",
        "print('not run')",
        "40 + 2",
    )
    tagged = project.notebook("docs/tagged.ipynb", *cells)
    tagged.cells[2].metadata["tags"] = ["raises-exception"]
    tagged.cells[3].metadata["tags"] = ["skip-execution"]
    project.save("docs/tagged.ipynb", tagged)
    project.notebook("docs/excluded.ipynb", "raise SystemError")
    project.notebook("docs/own_mode.ipynb", "raise SystemError", mystnb={"execution_mode": "off"})
    project.notebook("docs/fails.ipynb", "print('before')\n1 / 0", "print('after')")
    project.myst(
        "docs/plots.md",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);\nplt.savefig('saved.png')",
        "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    )
    plots = project.root / "docs/plots.md"
    plots.write_text(plots.read_text() + "\n![the saved figure](saved.png)\n")
    project.myst("docs/inline.md", "x = 42", head="mystnb:\n  execution_mode: inline\n")
    project.myst("docs/allowed.md", "1 / 0", "1", head="mystnb:\n  execution_allow_errors: true\n")
    project.write("docs/prose.md", "# Prose\n\nNo notebook.\n")

    done = assert_same(project, "docs")

    assert done.ids("failed") == {"docs/fails.ipynb"}
    assert done.ids("passed") == {"docs/allowed.md", "docs/plots.md", "docs/tagged.ipynb"}
    assert done.ids("skipped") == {"docs/excluded.ipynb", "docs/inline.md", "docs/own_mode.ipynb"}
    assert "inline" in done.row("docs/inline.md")["reason"]


@needs("pandoc")
def test_an_nbsphinx_project(project: Project) -> None:
    project.write(
        "conf.py", 'extensions = ["nbsphinx"]\nexclude_patterns = ["_site", ".docbuild"]\n'
    )
    project.write(
        "index.rst", "P\n=\n\n.. toctree::\n   :glob:\n\n   *\n\n.. nbgallery::\n\n   plot\n"
    )
    project.notebook("plot.ipynb", "import matplotlib.pyplot as plt\nplt.imshow([[1, 2]]);")
    project.notebook("never.ipynb", "raise SystemError", nbsphinx={"execute": "never"})
    project.notebook("allowed.ipynb", "1 / 0", "print(3)", nbsphinx={"allow_errors": True})
    stored = project.notebook("stored.ipynb", "raise SystemError")
    stored.cells[1].outputs = [nbformat.v4.new_output("stream", text="stored\n")]
    project.save("stored.ipynb", stored)

    done = assert_same(project, ".")

    assert done.code == 0
    assert done.ids("passed") == {"allowed.ipynb", "plot.ipynb"}
    assert done.ids("skipped") == {"never.ipynb", "stored.ipynb"}


def test_a_mixed_project_whose_conf_is_elsewhere(project: Project) -> None:
    project.write(
        "pyproject.toml",
        '[project]\nname = "p"\n\n[tool.docbuild]\nsource = "src/tutorials"\nconf = "conf"\n',
    )
    project.write(
        "conf/conf.py",
        """
        project = "p"
        extensions = ["myst_nb", "sphinx_gallery.gen_gallery"]
        exclude_patterns = ["gallery/**.ipynb", "scripts"]
        sphinx_gallery_conf = {"examples_dirs": "scripts", "gallery_dirs": "gallery"}
        """,
    )
    project.write("src/tutorials/index.md", "# P\n\n```{toctree}\ngallery/index\nbook\ntext\n```\n")
    project.write("src/tutorials/scripts/README.txt", "Scripts\n=======\n")
    project.script("src/tutorials/scripts/plot_one.py", "print('one')")
    project.notebook("src/tutorials/book.ipynb", "print('two')")
    project.myst("src/tutorials/text.md", "print('three')")

    done = assert_same(project, "src/tutorials", "-c", "conf")

    assert done.code == 0
    assert done.report["executed"] == 3
    assert {row["engine"] for row in done.report["tutorials"]} == {"gallery", "notebook"}


def test_never_is_the_site_without_execution(project: Project) -> None:
    gallery(project)
    project.script("examples/plot_one.py", "import matplotlib.pyplot as plt\nplt.plot([1])")
    project.script("examples/plot_two.py", "1 / 0")
    plain = project.root.parent / "plain"
    project.sphinx_build("docs", plain, "-D", "plot_gallery=0")

    done = project.build("--execute=never")

    assert done.code == 0
    assert done.report["executed"] == 0
    assert done.ids("skipped") == {"examples/plot_one.py", "examples/plot_two.py"}
    assert differences(plain, project.site) == []


def test_options_after_two_dashes_go_to_sphinx(project: Project) -> None:
    gallery(project)
    project.script("examples/plot_one.py", "print(1)")
    project.write("docs/index.rst", "P\n=\n\n.. only:: extra\n\n   the tag was given\n")

    done = project.build("--", "-b", "dirhtml", "-t", "extra", "-D", "language=de")

    assert done.code == 0, done.err
    page = (project.site / "auto_examples/plot_one/index.html").read_text("utf-8")
    assert 'lang="de"' in page
    assert "the tag was given" in (project.site / "index.html").read_text("utf-8")


def test_a_project_of_its_own_reports_where_its_site_is(project: Project, tmp_path: Path) -> None:
    gallery(project)
    project.script("examples/plot_one.py", "print(1)")

    done = project.docbuild("build", "--json", "--site", str(tmp_path / "elsewhere"))

    assert json.loads(done.out)["site"] == str(tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/auto_examples/plot_one.html").exists()
    assert not project.site.exists()
