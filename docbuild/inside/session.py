"""What the parts that run inside Sphinx share: the mirror, and what docbuild decided."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from docbuild.adapters.channel import Channel
from docbuild.adapters.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Known:
    """What the Sphinx pass is told of one tutorial."""

    page: str = ""
    """File with what its engine made of it; empty when there is no result."""
    bundle: str = ""
    note: str = ""
    """Why there is none."""

    def load(self) -> dict[str, Any]:
        """What its engine made of it."""
        data: dict[str, Any] = json.loads(Path(self.page).read_text("utf-8"))
        return data


@dataclass(slots=True)
class Session:
    """One run of Sphinx under docbuild."""

    channel: Channel
    mirror: Mirror
    known: dict[str, Known] = field(default_factory=dict)
    """By tutorial; empty until docbuild has decided."""

    def id_of(self, path: str | os.PathLike[str]) -> str:
        """The id of the tutorial at a path inside the mirror or the project."""
        real = self.mirror.real(os.path.normpath(path))
        return Path(os.path.relpath(real, self.mirror.root)).as_posix()

    def decide(self, tutorials: Mapping[str, Mapping[str, str]]) -> None:
        """Take over what docbuild knows of each tutorial."""
        self.known = {id_: Known(**known) for id_, known in tutorials.items()}


@dataclass(frozen=True, slots=True)
class Execution:
    """One request to execute a tutorial, or to make the page of one that left none."""

    tutorial: str
    workspace: Mirror
    failure: Mapping[str, str] | None = None
    """How it died: don't execute it, make a page that says so."""


class EngineInside(Protocol):
    """What an engine does inside the Sphinx process."""

    def describe(self) -> list[dict[str, Any]]:
        """The tutorials that it found, as JSON."""

    def prepare(self) -> None:
        """Get ready to execute; called once, and only if anything is to be executed."""

    def execute(self, execution: Execution) -> dict[str, Any]:
        """Execute one in this very process: `{"failure", "page"}`."""
