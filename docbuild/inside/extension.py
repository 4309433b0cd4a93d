"""docbuild's Sphinx extension: it stops Sphinx where tutorials would be executed, and serves."""

from __future__ import annotations

import glob
import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import sphinx
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.util import logging

from docbuild.adapters.mirror import Mirror
from docbuild.inside import fork_server
from docbuild.inside.session import EngineInside, Session

OLDEST_SPHINX = (7, 0)
OLDEST_GALLERY = (0, 22)
GALLERY = "sphinx_gallery.gen_gallery"
logger = logging.getLogger(__name__)


class Host:
    """One Sphinx application under docbuild."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.gallery: Any = None
        self.served = False

    def setup(self, app: Sphinx) -> dict[str, Any]:
        """Connect; called by Sphinx as for any extension."""
        _check("Sphinx", sphinx.version_info[:2], OLDEST_SPHINX, sphinx.__version__)
        app.connect("config-inited", self.prepare, priority=20)
        app.connect("builder-inited", self.serve, priority=1000)
        app.connect("env-before-read-docs", self.warn_of_second_sources)
        app.connect("env-get-outdated", self.outdated)
        app.connect("env-updated", self.remember)
        app.connect("build-finished", self.finish, priority=100)
        return {"parallel_read_safe": True, "parallel_write_safe": True}

    def prepare(self, app: Sphinx, config: Config) -> None:
        """Make the mirror, and stand before sphinx-gallery's generation, if there is one."""
        generated: frozenset[str] = frozenset()
        if GALLERY in app.extensions:
            _check_gallery()
            generated = self._prepare_gallery(app, config)
        mirror = self.session.mirror
        self.session.mirror = Mirror(mirror.root, mirror.place, mirror.excluded | generated)
        self.session.mirror.sync()

    def _prepare_gallery(self, app: Sphinx, config: Config) -> frozenset[str]:
        from sphinx_gallery import gen_gallery

        conf = config.sphinx_gallery_conf
        for key in ("examples_dirs", "gallery_dirs"):
            folders = conf[key] if isinstance(conf[key], list) else [conf[key]]
            conf[key] = [self.session.mirror.mirrored(folder) for folder in map(os.fspath, folders)]
            for folder in conf[key]:
                _check_inside(self.session.mirror, os.path.join(app.srcdir, folder), key)
        listeners = app.events.listeners["builder-inited"]
        for i, listener in enumerate(listeners):
            if listener.handler is gen_gallery.generate_gallery_rst:
                listeners[i] = listener._replace(handler=self._generate_gallery)
        made = [*conf["gallery_dirs"], conf["backreferences_dir"] or conf["gallery_dirs"][0]]
        ids = {self.session.id_of(os.path.join(app.srcdir, folder)) for folder in made}
        source = self.session.id_of(app.srcdir)
        return frozenset(i for i in ids if i != source and not source.startswith(f"{i}/"))

    def _generate_gallery(self, app: Sphinx) -> None:
        from sphinx_gallery import gen_gallery

        self.serve(app)
        self.gallery.restoring(gen_gallery.generate_gallery_rst)(app)

    def serve(self, app: Sphinx) -> None:
        """Describe the project, and execute what docbuild asks for until it wants the site."""
        if self.served:
            return
        self.served = True
        engines = self._engines(app)
        tutorials = [found for engine in engines.values() for found in engine.describe()]
        self.session.channel.send(
            {"tutorials": tutorials, "generated": sorted(self.session.mirror.excluded)}
        )
        _allow_parallel(app, fork_server.serve(self.session, engines))

    def _engines(self, app: Sphinx) -> dict[str, EngineInside]:
        engines: dict[str, EngineInside] = {}
        if GALLERY in app.extensions:
            from docbuild.inside.engines.gallery import GalleryEngine

            self.gallery = engines["gallery"] = GalleryEngine(app, self.session)
        renderers = _renderers(app, self.session)
        if renderers:
            from docbuild.inside.engines.notebook import NotebookEngine

            self._discover_documents(app)
            engines["notebook"] = NotebookEngine(app, self.session, renderers)
        return engines

    def _discover_documents(self, app: Sphinx) -> None:
        """Find the documents as Sphinx will, less those that the galleries generate."""
        generated = []
        if self.gallery is not None:
            generated = [f"{folder}/**" for folder in self.gallery.conf["gallery_dirs"]]
        excluded = [*app.config.exclude_patterns, *app.config.templates_path, *generated]
        app.project.discover(
            [*excluded, *app.builder.get_asset_paths()], app.config.include_patterns
        )

    def warn_of_second_sources(self, app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
        """Say so when a notebook that sphinx-gallery made for download becomes a page."""
        scripts = self.gallery.scripts.values() if self.gallery is not None else ()
        targets = {os.path.relpath(script.target, app.srcdir) for script in scripts}
        second = [
            page
            for page in pages
            if os.path.dirname(page) in targets and Path(env.doc2path(page)).suffix == ".ipynb"
        ]
        if second:
            folders = sorted({os.path.dirname(page) for page in second})
            patterns = ", ".join(f'"{folder}/**.ipynb"' for folder in folders)
            logger.warning(
                "%d notebooks that sphinx-gallery generates for download are taken for sources of "
                "its pages, and executed by Sphinx itself; exclude_patterns = [%s] keeps them out",
                len(second),
                patterns,
                type="docbuild",
                subtype="second_source",
            )

    def outdated(
        self, app: Sphinx, env: BuildEnvironment, added: Any, changed: Any, removed: Any
    ) -> list[str]:
        """Notebooks have to be read again when their results are others than last time."""
        for page in removed:
            _remove_page(app, page)
        before = getattr(env, "docbuild_results", {})
        return [page for page, state in self._results(app).items() if before.get(page) != state]

    def remember(self, app: Sphinx, env: Any) -> list[str]:
        """Keep what the pages were made of; all pages, when what surrounds each has changed.

        Sphinx writes the pages that it reads; the others would link to titles and pages of before.
        """
        env.docbuild_results = self._results(app)
        titles = {page: title.astext() for page, title in env.titles.items()}
        around = [titles, {page: list(below) for page, below in env.toctree_includes.items()}]
        files = {f"_images/{name}" for _, name in env.images.values()}
        files |= {f"_downloads/{name}" for _, name in env.dlfiles.values()}
        for gone in getattr(env, "docbuild_files", files) - files:
            Path(app.outdir, gone).unlink(missing_ok=True)
        changed = getattr(env, "docbuild_around", around) != around
        env.docbuild_around, env.docbuild_files = around, files
        return sorted(env.found_docs) if changed else []

    def _results(self, app: Sphinx) -> dict[str, str]:
        """What the documents that are tutorials themselves were made of, by document."""
        results = {}
        for id_, known in self.session.known.items():
            path = os.path.relpath(self.session.mirror.place / id_, app.srcdir)
            page = app.project.path2doc(path)
            if page in app.project.docnames:
                results[page] = known.bundle or known.note
        return results

    def finish(self, app: Sphinx, exception: Exception | None) -> None:
        """Leave the verdict on failed tutorials to docbuild."""
        if self.gallery is not None:
            self.gallery.accept_failures()


def _allow_parallel(app: Sphinx, jobs: int) -> None:
    """Let Sphinx read and write in parallel, if it could without a warning."""
    extensions = app.extensions.values()
    if all(e.parallel_read_safe and e.parallel_write_safe for e in extensions):
        app.parallel = max(app.parallel, jobs)


def _remove_page(app: Sphinx, page: str) -> None:
    """Remove what an earlier pass wrote for a document that is gone; Sphinx would leave it."""
    uri = unquote(app.builder.get_target_uri(page))
    place = Path(app.outdir, uri)
    (place / "index.html" if uri.endswith("/") else place).unlink(missing_ok=True)
    for source in Path(app.outdir, "_sources").glob(f"{glob.escape(page)}.*"):
        source.unlink()


def _renderers(app: Sphinx, session: Session) -> list[Any]:
    renderers: list[Any] = []
    if "myst_nb" in app.extensions:
        from docbuild.inside.engines.myst_nb import MystNb

        renderers.append(MystNb(app, session))
    if "nbsphinx" in app.extensions:
        from docbuild.inside.engines.nbsphinx import NbSphinx

        renderers.append(NbSphinx(app, session))
    for renderer in renderers:
        renderer.adopt()
    return renderers


def _check_inside(mirror: Mirror, folder: str, key: str) -> None:
    path = os.path.normpath(folder)
    if not path.startswith(f"{mirror.place}{os.sep}"):
        raise ConfigError(
            f"{key}: {os.path.relpath(path, mirror.place)} is outside of the project's root, "
            f"{mirror.root}; run docbuild in the folder that holds both, or put a pyproject.toml "
            "there"
        )


def _check_gallery() -> None:
    installed = version("sphinx-gallery")
    numbers = tuple(int(n) for n in re.findall(r"\d+", installed)[:2])
    _check("sphinx-gallery", numbers, OLDEST_GALLERY, installed)


def _check(name: str, installed: tuple[int, ...], oldest: tuple[int, ...], text: str) -> None:
    if installed < oldest:
        needed = ".".join(map(str, oldest))
        raise ConfigError(f"docbuild needs {name} {needed} or later; {text} is installed")


host: Host | None = None


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    assert host is not None
    return host.setup(app)
