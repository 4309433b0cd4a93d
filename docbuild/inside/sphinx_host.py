"""`sphinx-build` with docbuild's extension in it.

python -m docbuild.inside.sphinx_host CHANNEL ROOT MIRROR EXCLUDED SPHINX-ARGUMENTS...
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import sphinx.application
from sphinx.cmd.build import main as sphinx_build

from docbuild.adapters.channel import Channel
from docbuild.adapters.mirror import Mirror
from docbuild.inside import extension
from docbuild.inside.session import Session


def main(arguments: list[str]) -> int:
    """Run Sphinx; it stops in the extension until docbuild lets it go on."""
    channel, root, place, excluded, *rest = arguments
    mirror = Mirror(Path(root), Path(place), frozenset(json.loads(excluded)))
    end = socket.socket(fileno=int(channel))
    end.set_inheritable(False)
    extension.host = extension.Host(Session(Channel(end), mirror))
    sphinx.application.builtin_extensions += (extension.__name__,)
    return sphinx_build(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
