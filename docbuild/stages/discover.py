"""discover: project -> tutorials, what can be executed and what each needs."""

from __future__ import annotations

import functools
import platform
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from docbuild.adapters.project_folder import Project
from docbuild.core.fingerprint import Ingredient, digest
from docbuild.core.scripts import Imports
from docbuild.core.settings import Rule
from docbuild.core.tutorial import Engine, Metadata, Tutorial
from docbuild.errors import ProjectError


def discover(project: Project, described: list[dict[str, Any]]) -> tuple[Tutorial, ...]:
    """The tutorials among the documents that Sphinx described; at least one, or `ProjectError`."""
    tutorials = tuple(_tutorial(project, one) for one in sorted(described, key=lambda d: d["id"]))
    if not tutorials:
        raise ProjectError(
            "the project has no tutorial: no script of a sphinx-gallery, no notebook",
            where=str(project.source),
            remedy="extensions in conf.py: sphinx_gallery.gen_gallery, myst_nb or nbsphinx",
        )
    return tutorials


def _tutorial(project: Project, described: Mapping[str, Any]) -> Tutorial:
    id_ = described["id"]
    own = Metadata.parse(described["metadata"], where=id_)
    tutorial = Tutorial(
        id=id_,
        engine=Engine(described["engine"]),
        page=described["page"],
        needs=own.needs,
        timeout=own.timeout,
        skip=described["skip"],
        excused=own.skip,
        unreadable=described["unreadable"],
        expected_failure=described["expected_failure"],
        imports=Imports(*(tuple(modules) for modules in described["imports"])),
    )
    rules: tuple[Rule, ...] = project.settings.rules
    tutorial = functools.reduce(lambda t, rule: rule.apply(t), rules, tutorial)
    return replace(tutorial, ingredients=_ingredients(project, tutorial, described["ingredients"]))


def _ingredients(
    project: Project, tutorial: Tutorial, of_engine: Mapping[str, str]
) -> tuple[Ingredient, ...]:
    path = project.root / tutorial.id
    return (
        *(Ingredient(name, value) for name, value in sorted(of_engine.items())),
        Ingredient("tutorial", tutorial.id),
        Ingredient("source", digest(path.read_bytes())),
        Ingredient("expected to fail", str(tutorial.expected_failure)),
        Ingredient("python", ".".join(platform.python_version_tuple()[:2])),
        Ingredient("platform", f"{sys.platform} {platform.machine()}"),
    )
