"""Fixtures: a project for one test, and one that a module's tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import Project


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of tests that `make test` may have to skip."""
    config.addinivalue_line("markers", "needs_system_package: needs chromium or pandoc")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all tests of a module to one worker: they look at the same build."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path / "project")


@pytest.fixture(scope="module")
def module_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes an empty project that the tests of a module share."""
    return lambda: Project(tmp_path_factory.mktemp("shared") / "project")
