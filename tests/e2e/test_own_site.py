"""docbuild's own documentation is one more project, and one that has to be good."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Done, Project, needs

REPOSITORY = Path(__file__).parents[2]
CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--virtual-time-budget=10000", "--dump-dom"),
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("own") / "project"
    project = Project(root)
    for name in ("conf", "tutorials"):
        shutil.copytree(REPOSITORY / name, root / name)
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return project


@pytest.fixture(scope="module")
def done(own: Project) -> Done:
    return own.build("--", "-W")


def test_all_tutorials_pass_without_a_warning_of_sphinx(done: Done) -> None:
    assert done.code == 0, done.err
    assert done.report["failed"] == 0
    assert len(done.report["tutorials"]) >= 6


def test_it_has_scripts_notebooks_an_expected_failure_and_one_for_a_gpu(done: Done) -> None:
    names = {Path(row["id"]).name: row for row in done.report["tutorials"]}
    assert {Path(name).suffix for name in names} == {".py", ".ipynb", ".md"}
    assert names["plot_expected_failure.py"]["failure"]["type"] == "ValueError"
    gpu = names["plot_gpu.py"]
    assert gpu["status"] == "passed" or gpu["reason"] == "it needs 1 GPU; this machine has none"


def test_one_gallery_shows_scripts_and_notebooks_alike(own: Project, done: Done) -> None:
    cards = own.page("index").split('class="docbuild-card docutils')[1:]
    assert len(cards) == len(done.report["tutorials"])
    for kind in ("Script", "Notebook", "MyST"):
        assert any(f">{kind}</p>" in card for card in cards)
    assert sum("<img" in card for card in cards) >= 4


@pytest.fixture(scope="module")
def served(own: Project, done: Done) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(own.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *words: object) -> None:
        """Say nothing."""


@needs("chromium")
def test_the_search_finds_a_tutorial_in_a_browser(served: str, tmp_path: Path) -> None:
    shown = subprocess.run(
        [*CHROMIUM, f"--user-data-dir={tmp_path}", f"{served}/search.html?q=longest"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Why the longest goes first" in shown.stdout
    assert "gallery/plot_schedule.html" in shown.stdout


def test_the_deploy_configuration_points_at_the_site() -> None:
    netlify = tomllib.loads((REPOSITORY / "netlify.toml").read_text("utf-8"))
    assert netlify["build"]["publish"] == "_site"
    headers = {rule["for"]: rule["values"] for rule in netlify["headers"]}
    assert headers["/objects.inv"]["Access-Control-Allow-Origin"] == "*"
    assert not any("immutable" in str(values) for values in headers.values())
