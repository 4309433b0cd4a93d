"""`sphinx-build` with docbuild's extension in it.

python -m docbuild.inside.sphinx_host CHANNEL ROOT MIRROR EXCLUDED SPHINX-ARGUMENTS...
"""

from __future__ import annotations

import json
import socket
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import sphinx.application
from sphinx.cmd.build import main as sphinx_build

from docbuild.adapters.channel import Channel
from docbuild.adapters.mirror import Mirror
from docbuild.inside import extension
from docbuild.inside.session import Session


def main(arguments: list[str]) -> int:
    """Run Sphinx; it stops in the extension until docbuild lets it go on."""
    channel, root, place, excluded, *rest = arguments
    keep_bytecode_out_of(root)
    mirror = Mirror(Path(root), Path(place), frozenset(json.loads(excluded)))
    end = socket.socket(fileno=int(channel))
    end.set_inheritable(False)
    extension.host = extension.Host(Session(Channel(end), mirror))
    sphinx.application.builtin_extensions += (extension.__name__,)
    return sphinx_build(rest)


def keep_bytecode_out_of(root: str) -> None:
    """Leave no `__pycache__` in a project for what its `conf.py` imports."""
    write = SourceFileLoader.set_data

    def set_data(loader: SourceFileLoader, path: str, data: Any, **options: Any) -> None:
        if not path.startswith(f"{root}/") or "site-packages" in path:
            write(loader, path, data, **options)

    SourceFileLoader.set_data = set_data  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
