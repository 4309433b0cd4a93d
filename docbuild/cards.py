"""The Sphinx directive `tutorial-cards`: one thumbnail gallery of scripts and notebooks alike.

It knows nothing of the rest of docbuild, and works in any Sphinx project.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.errors import NoUri
from sphinx.util import docname_join, logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

NAME = "tutorial-cards"
STYLE = "docbuild-cards.css"
LONGEST_TEXT = 160
PICTURES = frozenset({".apng", ".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"})

logger = logging.getLogger(__name__)


class cards(nodes.General, nodes.Element):  # noqa: N801 (docutils writes its nodes small)
    """Stands in a document until all documents are read."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the gallery shows of one document."""

    document: str
    title: str
    text: str
    kind: str
    """`Script`, `Notebook`, `MyST`, or empty for a page without code."""
    thumbnail: str
    """Path from the source folder; empty: there is none."""
    digest: str
    """Of the thumbnail's bytes: another picture of the same name makes another page."""


class TutorialCards(SphinxDirective):
    """Takes one document name per line, as a toctree does."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Note the documents; what they show is known once all are read."""
        env = self.env
        names = [docname_join(env.docname, line.strip()) for line in self.content if line.strip()]
        for name in names:
            if name not in env.found_docs:
                env.note_reread()
                message = "%s names %r, which is no document"
                logger.warning(message, NAME, name, location=self.get_location(), type=NAME)
        wanted = env.metadata[env.docname].setdefault(NAME, [])
        wanted.extend(name for name in names if name not in wanted)
        return [cards("", page=env.docname, documents=names)]


def collect(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Make the cards of all galleries; the pages whose cards are others than last time."""
    before: dict[str, dict[str, Card]] = getattr(env, "docbuild_cards", {})
    now: dict[str, dict[str, Card]] = {}
    for page in sorted(env.all_docs):
        wanted = [name for name in env.metadata[page].get(NAME, ()) if name in env.all_docs]
        if wanted:
            now[page] = {name: _card(env, name) for name in wanted}
            for thumbnail in filter(None, (card.thumbnail for card in now[page].values())):
                env.images.add_file(page, thumbnail)
    env.docbuild_cards = now  # type: ignore[attr-defined]
    return [page for page, made in now.items() if before.get(page) != made]


def _card(env: BuildEnvironment, name: str) -> Card:
    document = env.get_doctree(name)
    thumbnail = _gallery_thumbnail(env, name) or _first_picture(document)
    path = Path(env.srcdir, thumbnail)
    found = bool(thumbnail) and path.is_file()
    return Card(
        document=name,
        title=env.titles[name].astext(),
        text=_first_paragraph(document),
        kind=_kind(env, name, document),
        thumbnail=thumbnail if found else "",
        digest=hashlib.sha256(path.read_bytes()).hexdigest() if found else "",
    )


def _gallery_thumbnail(env: BuildEnvironment, name: str) -> str:
    """The thumbnail that sphinx-gallery made for its page of that name."""
    page = PurePosixPath(name)
    folder = page.parent / "images" / "thumb"
    found = sorted(Path(env.srcdir, folder).glob(f"sphx_glr_{page.name}_thumb.*"))
    return str(folder / found[0].name) if found else ""


def _first_picture(document: nodes.document) -> str:
    """The first picture among a notebook's outputs, or else on the page."""
    pictures = [image for image in document.findall(nodes.image) if _uri(image)]
    outputs = [image for image in pictures if _is_output(image)]
    return next((_uri(image) for image in [*outputs, *pictures]), "")


def _uri(image: nodes.image) -> str:
    """The image's path from the source folder; empty for one that no card can show."""
    candidates: dict[str, str] = image.get("candidates", {})
    uris = (uri for kind, uri in candidates.items() if kind != "?")
    return next((uri for uri in uris if PurePosixPath(uri).suffix.lower() in PICTURES), "")


def _is_output(node: nodes.Node) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.get("nb_element") == "cell_code_output":
            return True
        parent = parent.parent
    return False


def _first_paragraph(document: nodes.document) -> str:
    """The first paragraph that stands in a section itself, not in a note or an output."""
    paragraphs = document.findall(nodes.paragraph)
    own = (p.astext() for p in paragraphs if isinstance(p.parent, nodes.section))
    return textwrap.shorten(next(own, ""), LONGEST_TEXT, placeholder=" …")


def _kind(env: BuildEnvironment, name: str, document: nodes.document) -> str:
    suffix = Path(env.doc2path(name)).suffix
    if suffix == ".ipynb":
        return "Notebook"
    if any("nb_element" in container for container in document.findall(nodes.container)):
        return "MyST"
    return "Script" if _gallery_thumbnail(env, name) else ""


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the galleries in their places."""
    known: dict[str, dict[str, Card]] = getattr(app.env, "docbuild_cards", {})
    show = _grid if app.builder.format == "html" else _list
    for place in list(doctree.findall(cards)):
        of_page = known.get(place["page"], {})
        wanted = [of_page[name] for name in place["documents"] if name in of_page]
        place.replace_self(list(show(wanted, app.builder, docname)))


def _grid(wanted: Iterable[Card], builder: Builder, docname: str) -> Iterator[nodes.Node]:
    shown = [
        nodes.container(
            "",
            _picture(card),
            nodes.paragraph("", "", _link(card, builder, docname), classes=["docbuild-card-title"]),
            nodes.paragraph("", card.text, classes=["docbuild-card-text"]),
            *(
                [nodes.paragraph("", card.kind, classes=["docbuild-card-kind"])]
                if card.kind
                else []
            ),
            classes=["docbuild-card"],
        )
        for card in wanted
    ]
    if shown:
        yield nodes.container("", *shown, classes=["docbuild-cards"])


def _picture(card: Card) -> nodes.container:
    picture = nodes.container(classes=["docbuild-card-picture"])
    if card.thumbnail:
        uri = card.thumbnail
        picture += nodes.image(uri=uri, candidates={"*": uri}, alt="")
    return picture


def _list(wanted: Iterable[Card], builder: Builder, docname: str) -> Iterator[nodes.Node]:
    items = [
        nodes.list_item("", nodes.paragraph("", "", _link(card, builder, docname)))
        for card in wanted
    ]
    if items:
        yield nodes.bullet_list("", *items)


def _link(card: Card, builder: Builder, docname: str) -> nodes.Node:
    text = nodes.Text(card.title)
    try:
        return make_refnode(builder, docname, card.document, None, text)
    except NoUri:
        return nodes.inline("", "", text)


def write_style(app: Sphinx) -> None:
    """Put the style sheet among the static files of a site."""
    if app.builder.format == "html":
        target = Path(app.outdir, "_static", STYLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = files("docbuild").joinpath("templates", "cards.css").read_text("utf-8")
        target.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.add_node(cards)
    app.add_directive(NAME, TutorialCards)
    app.add_css_file(STYLE)
    app.connect("builder-inited", write_style)
    app.connect("env-updated", collect)
    app.connect("doctree-resolved", resolve)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
