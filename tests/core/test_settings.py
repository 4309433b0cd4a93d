"""What projects and tutorials may say, and what is an error with a remedy."""

from __future__ import annotations

import tomllib

import pytest

from docbuild.core.scripts import (
    Imports,
    imports_of,
    inline_metadata,
    without_inline_metadata,
    worth_preloading,
)
from docbuild.core.settings import Settings, parse_settings
from docbuild.core.tutorial import Engine, Metadata, Needs, Tutorial
from docbuild.errors import UsageError

SCRIPT = '''\
# /// script
# dependencies = ["numpy"]
#
# [tool.docbuild]
# timeout = "5m"
# needs = {gpus = 2}
# ///
"""
Title
=====
"""
import numpy
'''


def test_every_key_is_optional() -> None:
    assert parse_settings({}) == Settings()
    assert Settings().timeout == 30 * 60


def test_settings_are_read() -> None:
    toml = """
    source = "doc"
    jobs = 3
    timeout = "90s"
    [[tutorials]]
    match = "examples/gpu/*"
    needs = {gpus = 1}
    timeout = "2h"
    skip = {reason = "slow"}
    """
    settings = parse_settings(tomllib.loads(toml))
    assert (settings.source, settings.jobs, settings.timeout) == ("doc", 3, 90.0)
    told = settings.rules[0].apply(Tutorial("examples/gpu/a.py", Engine.GALLERY, "a"))
    assert (told.needs.gpus, told.timeout, told.excused) == (1, 7200.0, "slow")
    other = Tutorial("examples/a.py", Engine.GALLERY, "a")
    assert settings.rules[0].apply(other) == other


def test_what_a_tutorial_says_of_itself_wins_over_a_rule() -> None:
    rules = parse_settings({"tutorials": [{"match": "*", "timeout": "1h", "needs": {"gpus": 1}}]})
    own = Tutorial("a.py", Engine.GALLERY, "a", needs=Needs(gpus=2), timeout=5.0)
    told = rules.rules[0].apply(own)
    assert (told.timeout, told.needs.gpus) == (5.0, 2)


def test_a_misspelt_key_suggests_the_right_one() -> None:
    with pytest.raises(UsageError, match="did you mean timeout") as error:
        parse_settings({"timout": "5m"})
    assert error.value.exit_code == 2
    with pytest.raises(UsageError, match="did you mean match"):
        parse_settings({"tutorials": [{"mach": "*"}]})


@pytest.mark.parametrize(
    "toml",
    [
        'timeout = "soon"',
        "timeout = -1",
        "timeout = 0",
        "timeout = true",
        "jobs = 0",
        "jobs = true",
        'jobs = "two"',
        "source = 1",
        'site = ""',
        'preload = "numpy"',
        "tutorials = 1",
        'tutorials = [{timeout = "5m"}]',
        'tutorials = [{match = "*", needs = {gpu = 1}}]',
        'tutorials = [{match = "*", needs = {gpus = -1}}]',
        'tutorials = [{match = "*", skip = {raison = "x"}}]',
        'tutorials = ["examples/*"]',
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error_with_a_remedy(toml: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_settings(tomllib.loads(toml))
    assert error.value.where
    assert error.value.remedy


def test_an_unknown_setting_of_a_tutorial_is_an_error() -> None:
    with pytest.raises(UsageError, match="gpus") as error:
        Metadata.parse({"gpus": 1}, "examples/a.py")
    assert "examples/a.py" in str(error.value)
    assert "needs" in error.value.remedy


def test_a_script_says_what_it_needs_in_its_inline_metadata() -> None:
    assert inline_metadata(SCRIPT) == {"timeout": "5m", "needs": {"gpus": 2}}
    assert inline_metadata('"""Title"""\n# timeout = 5\n') == {}
    assert inline_metadata('# /// other\n# [tool.docbuild]\n# timeout = "5m"\n# ///\n') == {}


def test_the_block_and_nothing_else_is_taken_out_of_the_text() -> None:
    rest = without_inline_metadata(SCRIPT)
    assert rest.strip() == '"""\nTitle\n=====\n"""\nimport numpy'


def test_inline_metadata_that_is_no_toml_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"."):
        inline_metadata("# /// script\n# timeout = = 5\n# ///\n")


def test_imports_are_shared_until_the_script_touches_its_environment() -> None:
    text = """
import numpy as np
from matplotlib import pyplot
from . import helper
import os
os.environ["JAX_PLATFORMS"] = "cpu"
import jax
def later():
    import pandas
"""
    found = imports_of(text)
    assert found.shared == ("matplotlib", "numpy", "os")
    assert found.configured == ("jax",)
    assert imports_of("def broken(:\n") == Imports()


def test_only_what_many_scripts_import_is_loaded_before_them() -> None:
    common, rare = Imports(("numpy", "rare")), Imports(("numpy",))
    assert worth_preloading([common, *[rare] * 7], slots=2) == ("numpy",)
    assert worth_preloading([rare] * 2, slots=2) == ()
    assert worth_preloading([Imports(("jax.numpy",))] * 9, slots=2) == ()


def test_a_package_that_one_script_configures_is_loaded_for_none() -> None:
    scripts = [Imports(("numpy", "torch.nn"))] * 8 + [Imports(("numpy",), ("torch",))]
    assert worth_preloading(scripts, slots=2) == ("numpy",)
