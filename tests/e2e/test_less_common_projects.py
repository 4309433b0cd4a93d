"""Projects that use what few projects use; and what stays of a site when sources change."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from projects import Done, Project, gallery, myst_nb
from same_site import differences

MODULE = '''
"""A package of the project."""


def twice(number):
    """Give the double of a number."""
    return 2 * number
'''

PLOT = "import matplotlib.pyplot as plt\nplt.plot([1])"


def assert_same(project: Project, source: str, *sphinx: str) -> Done:
    """Build both ways; the sites are the same."""
    plain = project.root.parent / "plain"
    shutil.rmtree(plain, ignore_errors=True)
    project.sphinx_build(source, plain, *sphinx)
    assert (plain / "index.html").exists()
    done = project.build("--", *sphinx)
    assert differences(plain, project.site) == []
    return done


def test_a_package_that_documents_itself_with_autosummary_and_a_gallery(project: Project) -> None:
    project.write("src/twicer/__init__.py", MODULE)
    project.write("data/numbers.txt", "3 4")
    project.write(
        "docs/source/conf.py",
        """
        import os
        import sys
        from sphinx_gallery.sorting import ExampleTitleSortKey, ExplicitOrder

        root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
        sys.path.insert(0, os.path.join(root, "src"))
        project = "twicer"
        extensions = [
            "sphinx.ext.autodoc",
            "sphinx.ext.autosummary",
            "sphinx.ext.viewcode",
            "sphinx_gallery.gen_gallery",
        ]
        autosummary_generate = True
        html_extra_path = ["extra"]
        html_static_path = ["_static"]
        templates_path = ["_templates"]
        sphinx_gallery_conf = {
            "examples_dirs": [os.path.join(root, "examples"), os.path.join(root, "tutorials")],
            "gallery_dirs": ["gallery", "lessons"],
            "subsection_order": ExplicitOrder(["../../examples/z", "../../examples/a"]),
            "within_subsection_order": ExampleTitleSortKey,
            "abort_on_example_error": True,
            "doc_module": "twicer",
            "reference_url": {"twicer": None},
            "backreferences_dir": "gallery/backreferences",
            "nested_sections": False,
            "parallel": 2,
            "show_memory": False,
            "remove_config_comments": True,
            "first_notebook_cell": "%matplotlib inline",
            "show_signature": False,
            "min_reported_time": 1000,
            "recommender": {"enable": True, "n_examples": 2},
        }
        """,
    )
    project.write("docs/source/extra/robots.txt", "User-agent: *\n")
    project.write("docs/source/_static/own.css", "p { color: red }\n")
    project.write("docs/source/_templates/layout.html", '{% extends "!layout.html" %}\n')
    project.write(
        "docs/source/index.rst",
        """
        Twicer
        ======

        .. toctree::

           gallery/index
           lessons/index

        .. autosummary::
           :toctree: api

           twicer.twice

        .. literalinclude:: ../../examples/a/plot_data.py
           :lines: 1-3

        .. minigallery:: twicer.twice

        :download:`the data <../../data/numbers.txt>`
        """,
    )
    for folder in ("examples", "examples/a", "examples/z", "tutorials"):
        project.write(f"{folder}/README.rst", f"{Path(folder).name}\n====\n\nText.\n")
    project.script("examples/plot_top.py", "import twicer\nprint(twicer.twice(21))", "Top")
    project.script(
        "examples/a/plot_data.py",
        """
        # sphinx_gallery_tags = ["data"]
        import os
        import sys

        print(os.path.basename(os.getcwd()), os.path.basename(sys.argv[0]), __name__)
        print(open("../../data/numbers.txt").read())
        """,
        "Data",
    )
    project.script("examples/a/plot_über uns.py", "print('ü')", "About us")
    project.script("examples/z/plot_dummy.py", "# sphinx_gallery_dummy_images=2\nx = 1", "Dummy")
    project.script("tutorials/plot_link.py", "import twicer\ntwicer.twice(4)", "Zebra")
    project.script(
        "tutorials/plot_thumb.py",
        "# sphinx_gallery_thumbnail_path = '_static/thumb.png'\nprint(1)",
        "Ant",
    )
    from matplotlib.image import imsave

    imsave(project.root / "docs/source/_static/thumb.png", [[0.0, 1.0]])

    assert_same(project, "docs/source")


def test_notebooks_that_glue_and_tell_of_their_execution(project: Project) -> None:
    conf = """
    nb_execution_mode = "cache"
    nb_execution_in_temp = True
    nb_merge_streams = True
    nb_output_stderr = "remove"
    nb_execution_show_tb = True
    nb_kernel_rgx_aliases = {"some-.*": "python3"}
    exclude_patterns = ["drafts"]
    """
    myst_nb(project, conf)
    glue = "from myst_nb import glue\nglue('answer', 42)\nglue('text', 'told elsewhere')"
    project.myst("docs/gluing.md", glue)
    project.write(
        "docs/glued.md",
        """
        # Glued

        ```{glue} answer
        :doc: gluing.md
        ```
        """,
    )
    project.myst("docs/folder.md", "import os\nprint(os.listdir())\nopen('made.txt', 'w')")
    kernelspec = {"name": "some-env", "display_name": "Some"}
    project.notebook("docs/alias.ipynb", "print('on python3')", kernelspec=kernelspec)
    project.notebook("docs/fails.ipynb", "1 / 0")
    mode = {"execution_mode": "auto"}
    stored = project.notebook("docs/stored.ipynb", "raise SystemError", mystnb=mode)
    stored.cells[1].outputs = [nbformat.v4.new_output("stream", text="stored\n")]
    project.save("docs/stored.ipynb", stored)
    project.notebook("docs/drafts/draft.ipynb", "raise SystemError")
    project.notebook("docs/sub folder/ünï.ipynb", "print('ü')")
    project.write("docs/data.csv", "a,b\n1,2\n")
    project.write("docs/times.md", "# Times\n\n```{nb-exec-table}\n```\n")
    project.write(
        "docs/hidden.md",
        """
        ---
        file_format: mystnb
        kernelspec:
          name: python3
        ---

        # Hidden

        ```{code-cell} python
        :tags: [hide-input]
        print('shown')
        ```

        ```{code-cell} python
        ---
        tags: [remove-input]
        mystnb:
          image:
            width: 100px
        ---
        import matplotlib.pyplot as plt
        plt.plot([1, 2])
        ```

        ```{code-cell} python
        from IPython.display import HTML, Markdown, display
        display(HTML('<b>bold</b>'), Markdown('**strong** [link](glued.md)'))
        display({'a': 1}, display_id='later')
        ```
        """,
    )

    done = assert_same(project, "docs")

    assert done.ids("failed") == {"docs/fails.ipynb"}
    assert done.ids("skipped") == {"docs/stored.ipynb"}


@pytest.fixture(scope="module")
def thinned_out(module_project: Callable[[], Project]) -> tuple[Project, Done]:
    """A site built once more after a script and a notebook were deleted and one was renamed."""
    project = gallery(
        module_project(),
        """
        extensions.append("myst_nb")
        exclude_patterns = ["auto_examples/**.ipynb"]
        """,
    )
    index = "P\n=\n\n.. toctree::\n   :glob:\n\n   auto_examples/index\n   *\n"
    project.write("docs/index.rst", index)
    project.script("examples/plot_a.py", "print('a')", "A")
    project.script("examples/plot_gone.py", PLOT, "Gone")
    project.script("examples/plot_z.py", "print('z')", "Z")
    project.notebook("docs/book.ipynb", "print('book')")
    project.notebook("docs/gone.ipynb", PLOT)
    assert project.build().code == 0
    assert list(dead_links(project.site)) == []
    (project.root / "examples/plot_gone.py").unlink()
    (project.root / "docs/gone.ipynb").unlink()
    project.script("examples/plot_z.py", "print('z')", "Zulu")
    return project, project.build()


def test_a_new_title_is_on_all_pages_that_list_it(thinned_out: tuple[Project, Done]) -> None:
    project, done = thinned_out
    assert done.ids("reused") == {"docs/book.ipynb", "examples/plot_a.py"}
    assert "Zulu" in project.page("auto_examples/index")
    assert "Zulu" in project.page("auto_examples/plot_a")  # whose next page it is


def test_no_reused_page_links_to_one_that_is_gone(thinned_out: tuple[Project, Done]) -> None:
    project, _ = thinned_out
    assert list(dead_links(project.site)) == []


def test_no_image_or_download_of_a_tutorial_outlives_it(thinned_out: tuple[Project, Done]) -> None:
    project, _ = thinned_out
    assert [path.name for path in project.site.rglob("*gone*")] == []


def dead_links(site: Path) -> Iterator[str]:
    """Links of pages to files that the site doesn't have."""
    for page in sorted(site.rglob("*.html")):
        for link in re.findall(r' (?:href|src)="([^"]+)"', page.read_text("utf-8")):
            parts = urlsplit(link)
            if parts.path and not parts.scheme and not (page.parent / unquote(parts.path)).exists():
                yield f"{page.relative_to(site)}: {link}"


def test_options_of_sphinx_make_the_same_difference(project: Project) -> None:
    """With several processes that read and write, and pages of other names."""
    myst_nb(project, 'nb_execution_mode = "force"\n')
    for name in "abcdefg":  # Sphinx reads in parallel from six documents on
        project.myst(f"docs/{name}.md", f"print('this is {name}')")
    options = ("-j", "2", "-b", "dirhtml", "-E", "-n", "-D", "html_theme=basic")
    assert_same(project, "docs", *options)
    again = project.build("--", *options)
    assert again.report["reused"] == 7
    assert "this is c" in (project.site / "c/index.html").read_text()
