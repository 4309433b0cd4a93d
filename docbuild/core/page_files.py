"""Which of the files that a tutorial wrote are for its page."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import basename, dirname, join, normpath

from docbuild.core.tutorial import Engine, Tutorial

BOOKKEEPING = (".md5", ".cost.json", ".pyc")
"""Files that engines and Python keep for themselves; no page shows them."""


def generated(tutorial: Tutorial, source: str, written: Sequence[str]) -> list[str]:
    """What sphinx-gallery and its scrapers wrote into the gallery's folder: all of it.

    `source` is the folder of the sources; it and the names are relative to the project's root.
    """
    if tutorial.engine is not Engine.GALLERY:
        return []
    folder = normpath(join(source, dirname(tutorial.page))) + "/"
    return [n for n in written if n.startswith(folder) and not n.endswith(BOOKKEEPING)]


def named(source: str, written: Sequence[str], text: str) -> list[str]:
    """What was written elsewhere among the sources and is named by the page's text.

    A tutorial may leave data of any size beside itself; only what its page shows goes with it.
    """
    inside = "" if source == "." else f"{source}/"
    return [n for n in written if n.startswith(inside) and basename(n) in text]
