"""The `gallery` engine inside Sphinx: sphinx-gallery's own machinery, one script at a time."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sphinx_gallery
from sphinx.application import Sphinx
from sphinx_gallery import gen_gallery, gen_rst, utils

from docbuild.core.fingerprint import stable_text
from docbuild.core.scripts import imports_of, inline_metadata, without_inline_metadata
from docbuild.inside.engines.gallery_pages import (
    executing,
    failing_page,
    failure_of,
    placeholder,
    shown_with_note,
)
from docbuild.inside.session import Execution, Session
from docbuild.inside.swap import swapped

NO_OUTPUT = frozenset(
    {
        "abort_on_example_error",
        "backreferences_dir",
        "copyfile_regex",
        "download_all_examples",
        "examples_dirs",
        "exclude_implicit_doc",
        "expected_failing_examples",
        "failing_examples",
        "filename_pattern",
        "gallery_dirs",
        "ignore_pattern",
        "junit",
        "log_level",
        "minigallery_sort_order",
        "nested_sections",
        "only_warn_on_example_error",
        "parallel",
        "passing_examples",
        "plot_gallery",
        "run_stale_examples",
        "show_api_usage",
        "src_dir",
        "stale_examples",
        "subsection_order",
        "titles",
        "within_subsection_order",
        "write_computation_times",
    }
)
"""Settings that change which pages there are and how they are listed, not what is on one."""
_COMMENTS = "remove_config_comments"


@dataclass(frozen=True, slots=True)
class Script:
    """One example of a gallery: its folder, and the folder of its page, in the mirror."""

    id: str
    name: str
    folder: Path
    target: Path


class GalleryEngine:
    """Finds, executes and restores the scripts of sphinx-gallery's galleries."""

    def __init__(self, app: Sphinx, session: Session) -> None:
        self.app = app
        self.session = session
        self.conf: dict[str, Any] = app.config.sphinx_gallery_conf
        self.source = Path(app.srcdir)
        self.scripts = {script.id: script for script in self._scripts()}
        self._unreadable: set[str] = set()
        self._generate_file = gen_rst.generate_file_rst

    @contextmanager
    def _adapted(self) -> Iterator[None]:
        """Have sphinx-gallery match real paths, and keep inline metadata off the pages."""
        executable = gen_rst.executable_script

        def at_real_path(path: str, conf: Any) -> bool:
            return bool(executable(self._real(path), conf))

        clean = hiding_inline_metadata(gen_rst._clean_script_blocks)
        with swapped(gen_rst, executable_script=at_real_path, _clean_script_blocks=clean):
            yield

    def _real(self, path: str | os.PathLike[str]) -> str:
        return self.session.mirror.real(path)

    def _scripts(self) -> Iterator[Script]:
        for examples, gallery in gen_gallery._prepare_sphx_glr_dirs(self.conf, self.source):
            folder = Path(os.path.normpath(self.source / examples))
            target = Path(os.path.normpath(self.source / gallery))
            own_index = gen_rst._get_gallery_header(folder, self.conf) is None
            sections = gen_gallery.get_subsections(
                self.source, folder, self.conf, check_for_header=not own_index
            )
            for section in [".", *sections]:
                place = Path(os.path.normpath(folder / section))
                for name in sorted(utils._collect_gallery_files([place], self.conf)):
                    id_ = self.session.id_of(place / name)
                    yield Script(id_, name, place, Path(os.path.normpath(target / section)))

    def describe(self) -> list[dict[str, Any]]:
        """Every script of every gallery, as docbuild wants to know it."""
        settings = stable_text({k: v for k, v in self.conf.items() if k not in NO_OUTPUT})
        for place in (self.session.mirror.place, self.session.mirror.root):
            settings = settings.replace(str(place), "ROOT")  # the same in every clone
        expected = gen_gallery._expected_failing_examples(self.conf)
        return [self._describe(script, settings, expected) for script in self.scripts.values()]

    def _describe(self, script: Script, settings: str, expected: set[str]) -> dict[str, Any]:
        path = script.folder / script.name
        unreadable = self._problem(script)
        text = path.read_text("utf-8", errors="replace")
        imports = imports_of(text)
        if unreadable:
            self._unreadable.add(script.id)
            stand_in = placeholder(script.name, unreadable, text)
            self.session.mirror.substitute(script.id, stand_in)
        return {
            "id": script.id,
            "engine": "gallery",
            "page": self._document(script),
            "skip": "" if unreadable else self._skip(script),
            "unreadable": unreadable,
            "expected_failure": str(path) in expected,
            "metadata": {} if unreadable else inline_metadata(text),
            "imports": [imports.shared, imports.configured],
            "ingredients": {
                "engine": f"sphinx-gallery {sphinx_gallery.__version__}",
                "settings": settings,
                "page": self._document(script),
            },
        }

    def _document(self, script: Script) -> str:
        page = os.path.relpath(script.target / Path(script.name).stem, self.source)
        return Path(page).as_posix()

    def _problem(self, script: Script) -> str:
        """Why sphinx-gallery would give up on this file, and with it on all others."""
        try:
            parser, _ = gen_rst._get_parser(script.name, self.conf)
            path = str(script.folder / script.name)
            _, blocks, _ = parser.split_code_and_text_blocks(path, return_node=True)
            gen_rst.extract_intro_and_title(script.name, blocks[0].content)
            for block in blocks:
                parser.remove_ignore_blocks(block.content)
            inline_metadata((script.folder / script.name).read_text("utf-8"))
        except Exception as error:
            return f"{type(error).__name__}: {self._with_real_paths(str(error))}"
        return ""

    def _with_real_paths(self, text: str) -> str:
        return text.replace(f"{self.session.mirror.place}/", "")

    def _skip(self, script: Script) -> str:
        if not self.conf["plot_gallery"]:
            return "plot_gallery is off"
        if not script.name.endswith(".py"):
            return "not Python: shown, not executed"
        if not re.search(self.conf["filename_pattern"], self._real(script.folder / script.name)):
            return "does not match filename_pattern"
        return ""

    def prepare(self) -> None:
        """Nothing: sphinx-gallery is loaded."""

    def execute(self, execution: Execution) -> dict[str, Any]:
        """Execute a script in this process, in its workspace."""
        script = self.scripts[execution.tutorial]
        target = execution.workspace.mirrored(self._real(script.target))
        os.makedirs(os.path.join(target, "images", "thumb"), exist_ok=True)
        with self._adapted():
            failure, generated = self._generate(script, target, execution)
        intro, title, cost, variables = generated
        page = {
            "intro": intro,
            "title": title,
            "cost": list(cost),
            "variables": {k: sorted(v) if k == "backrefs" else v for k, v in variables.items()},
        }
        return {"failure": failure, "page": page}

    def _generate(self, script: Script, target: str, execution: Execution) -> Any:
        """Let sphinx-gallery execute and write; the failure, and what it returned."""
        folder = execution.workspace.mirrored(self._real(script.folder))
        if script.id in self._unreadable:
            folder = str(script.folder)
        conf = self._conf_in(execution)
        failure = execution.failure
        if failure is None:
            try:
                with executing() as made:
                    generated = self._generate_file(script.name, target, folder, conf)
                return made.failure, generated
            except (
                Exception
            ):  # sphinx-gallery's own: while it scrapes a failed block's figures, say
                path = os.path.join(folder, script.name)
                failure = made.failure or failure_of(traceback.format_exc(), path)
        with failing_page(failure):
            return failure, self._generate_file(script.name, target, folder, conf)

    def _conf_in(self, execution: Execution) -> dict[str, Any]:
        source = execution.workspace.mirrored(self._real(self.source))
        return self.conf | {"src_dir": source, "abort_on_example_error": False, "parallel": False}

    def restoring(self, generate_gallery: Callable[[Sphinx], None]) -> Callable[[Sphinx], None]:
        """Wrap the generation of the galleries: results instead of executions."""

        def generate(app: Sphinx) -> None:
            self._prune()
            self.conf["parallel"] = False  # there is nothing left to execute
            with self._adapted(), swapped(gen_rst, generate_file_rst=self._restore):
                generate_gallery(app)

        return generate

    def _restore(self, name: str, target: Path, folder: Path, conf: dict[str, Any]) -> Any:
        known = self.session.known.get(self.session.id_of(Path(folder, name)))
        if known is None or not known.page:
            with shown_with_note(known.note if known else ""):
                return self._generate_file(name, target, folder, conf)
        page = known.load()
        variables = page["variables"]
        if "backrefs" in variables:
            variables["backrefs"] = set(variables["backrefs"])
        return page["intro"], page["title"], tuple(page["cost"]), variables

    def _prune(self) -> None:
        """Remove the generated files of scripts that are no longer there."""
        for target in {script.target for script in self.scripts.values()}:
            stems = {Path(s.name).stem for s in self.scripts.values() if s.target == target}
            for page in target.glob("*.rst"):
                generated = (
                    page.with_suffix(".codeobj.json").exists() or page.with_suffix(".zip").exists()
                )
                if page.stem not in stems and generated:
                    for leftover in [
                        *target.glob(f"{page.stem}.*"),
                        *target.glob(f"images/**/sphx_glr_{page.stem}_*"),
                    ]:
                        leftover.unlink()

    def accept_failures(self) -> None:
        """Leave the verdict to docbuild: sphinx-gallery would end the pass with an error."""
        self.conf["failing_examples"] = {}
        self.conf["expected_failing_examples"] = set()


def hiding_inline_metadata(clean: Callable[..., Any]) -> Callable[..., Any]:
    """Clean blocks of PEP 723 metadata, too; drop the blank blocks that it leaves behind."""

    def clean_blocks(conf: Any, parser: Any, blocks: Any, outputs: Any) -> Any:
        kept = []
        for block, output in zip(blocks, outputs, strict=True):
            content = without_inline_metadata(block.content)
            if block.type == "text" or content == block.content:
                kept.append((block, output))
                continue
            shown = parser.remove_config_comments(content) if conf[_COMMENTS] else content
            if shown.strip() or output.strip():
                kept.append((block._replace(content=content), output))
        return clean(conf, parser, [block for block, _ in kept], [output for _, output in kept])

    return clean_blocks
