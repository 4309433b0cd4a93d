"""Write the projects that are measured: networkx's gallery, empty scripts, and sleeping scripts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

NETWORKX = "networkx==3.6.1"
LEFT_OUT = (
    "3d_drawing/plot_facebook_3d.py",
    "algorithms/plot_image_segmentation_spectral_graph_partition.py",
    "algorithms/plot_lca.py",
    "algorithms/plot_rcm.py",
    "drawing/plot_custom_node_icons.py",
    "drawing/plot_spring_layout.py",
    "external/plot_igraph.py",
    "external/plot_iplotx.py",
    "geospatial/plot_delaunay.py",
    "geospatial/plot_lines.py",
    "geospatial/plot_osmnx.py",
    "geospatial/plot_points.py",
    "geospatial/plot_polygons.py",
    "graph/plot_football.py",
    "graphviz_drawing/plot_attributes.py",
    "graphviz_drawing/plot_conversion.py",
    "graphviz_drawing/plot_grid.py",
    "graphviz_drawing/plot_mini_atlas.py",
    "graphviz_layout/plot_atlas.py",
    "graphviz_layout/plot_circular_tree.py",
    "graphviz_layout/plot_decomposition.py",
    "graphviz_layout/plot_giant_component.py",
    "graphviz_layout/plot_lanl_routes.py",
)
"""Examples that need the network, graphviz, or packages that the benchmark doesn't install
(igraph, iplotx, geopandas, osmnx, scikit-learn and others)."""

PARALLEL = "GALLERY_PARALLEL"
"""The variable that turns on sphinx-gallery's own `parallel`."""
FIRST_LINES = "FIRST_LINES"
"""The variable with the file to which the empty scripts write what they measured."""
SPANS = "SPANS"
"""The variable with the file to which the sleeping scripts write their start and end."""

_CONF = f"""\
import os

project = "gallery"
extensions = ["sphinx_gallery.gen_gallery"]
html_theme = "alabaster"
sphinx_gallery_conf = {{
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "backreferences_dir": "generated",
    "doc_module": ("networkx",),
    "within_subsection_order": "FileNameSortKey",
    "parallel": int(os.environ.get("{PARALLEL}", "0")) or False,
}}
"""
_INDEX = """\
Gallery
=======

.. toctree::

   auto_examples/index
"""
_FIRST_LINE = '''\
"""
Script {number}
=========
"""
import os, sys, time
own, above = time.process_time(), time.clock_gettime((~os.getppid() << 3) | 2)
loaded = {{"matplotlib.pyplot", "networkx", "numpy"}} <= set(sys.modules)
import json
import matplotlib.pyplot
import networkx
import numpy

with open(os.environ["FIRST_LINES"], "a") as file:
    file.write(json.dumps({{"own": own, "above": above, "loaded": loaded}}) + "\\n")
'''
_SLEEP = '''\
"""
{title}
{line}
"""
import os, time
start = time.time()
time.sleep({seconds})
with open(os.environ["SPANS"], "a") as file:
    file.write(f"{{start}} {{time.time()}}\\n")
'''


def networkx_archive() -> Path:
    """networkx's source archive, downloaded once into a folder for temporary files."""
    cache = Path(tempfile.gettempdir(), "docbuild-benchmark")
    if not list(cache.glob("networkx-*.tar.gz")):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--no-binary", ":all:", "-d", str(cache), NETWORKX], check=True)
    return next(cache.glob("networkx-*.tar.gz"))


def write_networkx(folder: Path, archive: Path) -> None:
    """Write networkx's gallery, less what can't be executed here."""
    _write_project(folder)
    examples = folder / "examples"
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            if path.parts[:1] == ("examples",) and member.isfile():
                member.name = str(path)
                tar.extract(member, folder, filter="data")
    for name in LEFT_OUT:
        (examples / name).unlink()
    for section in (path for path in examples.iterdir() if path.is_dir()):
        if not any(section.rglob("*.py")):
            shutil.rmtree(section)


def write_first_lines(folder: Path, scripts: int) -> None:
    """Write scripts that measure at their first line, and import what they share after it."""
    _write_project(folder)
    examples = folder / "examples"
    _write_header(examples, "Scripts")
    for number in range(scripts):
        (examples / f"plot_{number:02}.py").write_text(_FIRST_LINE.format(number=number))


def write_sleepers(folder: Path, seconds: Mapping[str, float]) -> None:
    """Write scripts that sleep, by their path below `examples`."""
    _write_project(folder)
    examples = folder / "examples"
    _write_header(examples, "Sleepers")
    for name, duration in seconds.items():
        path = examples / name
        if not path.parent.exists():
            _write_header(path.parent, path.parent.name)
        title = path.stem.replace("_", " ")
        path.write_text(_SLEEP.format(title=title, line="=" * len(title), seconds=duration))


def read_timings(path: Path) -> dict[str, float]:
    """Seconds of a published build, by folder and name; one folder for each of the gallery's.

    What was not executed (0 s) is left out.
    """
    timings: dict[str, float] = json.loads(path.read_bytes())
    executed = {PurePosixPath(name): seconds for name, seconds in timings.items() if seconds > 0}
    return {f"{'-'.join(p.parent.parts)}/{p.name}": executed[p] for p in sorted(executed)}


def by_folder(seconds: Mapping[str, float]) -> dict[str, list[float]]:
    """Seconds by folder, each in the order of names: sphinx-gallery's."""
    folders: dict[str, list[float]] = defaultdict(list)
    for name in sorted(seconds):
        folders[name.partition("/")[0]].append(seconds[name])
    return folders


def _write_project(folder: Path) -> None:
    (folder / "docs").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "gallery"\nversion = "0"\n')
    (folder / "docs" / "conf.py").write_text(_CONF)
    (folder / "docs" / "index.rst").write_text(_INDEX)


def _write_header(folder: Path, title: str) -> None:
    folder.mkdir(parents=True)
    (folder / "README.txt").write_text(f"{title}\n{'=' * len(title)}\n")
