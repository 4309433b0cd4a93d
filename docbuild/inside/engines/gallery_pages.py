"""Pages of scripts that end in another way than sphinx-gallery expects."""

from __future__ import annotations

import ast
import os
import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sphinx_gallery import gen_rst

from docbuild.core.scripts import has_code
from docbuild.inside.swap import swapped


@dataclass(slots=True)
class Made:
    """What is known of a page once it is made."""

    failure: dict[str, str] | None = None


@contextmanager
def executing() -> Iterator[Made]:
    """Execute; note the failure, and let no exit of the script end more than the script."""
    made = Made()
    me = os.getpid()
    handle = gen_rst.handle_exception
    call = gen_rst._exec_once.__call__
    write = gen_rst._LoggingTee.write

    def keep_failure(info: Any, path: Any, variables: Any, conf: Any) -> str:
        with swapped(gen_rst.logger.logger, disabled=True):  # docbuild reports it
            text: str = handle(info, path, variables, conf)
        made.failure = failure_of(variables["formatted_exception"], str(path))
        return text

    def call_and_stay(once: Any) -> None:
        try:
            call(once)
        except Exception:
            raise
        except BaseException as leaving:
            raise _as_exception(leaving) from None
        finally:
            if os.getpid() != me:  # it forked, and its child has come to the end of the block
                os._exit(0)

    def write_and_log(tee: Any, data: str) -> None:
        os.write(1, data.encode("utf-8", "replace"))
        write(tee, data)

    call_and_stay.__name__ = "__call__"
    with (
        swapped(gen_rst, handle_exception=keep_failure),
        swapped(gen_rst._exec_once, __call__=call_and_stay),
        swapped(gen_rst._LoggingTee, write=write_and_log),
    ):
        yield made


def _as_exception(leaving: BaseException) -> Exception:
    """The same, shown by the same name, but nothing that sphinx-gallery lets pass."""
    name = type(leaving).__name__
    same = type(name, (Exception,), {"__module__": "builtins"})
    exception: Exception = same(*leaving.args).with_traceback(leaving.__traceback__)
    return exception


@contextmanager
def failing_page(failure: Mapping[str, str]) -> Iterator[Made]:
    """Execute nothing; show this failure where it happened, as sphinx-gallery shows its own."""
    text = failure["traceback"]
    line = int((re.match(r"line (\d+)$", failure["where"]) or [0, 0])[1])

    def show(blocks: Any, variables: Any, conf: Any, file_conf: Any) -> tuple[list[str], float]:
        variables |= {
            "execute_script": False,
            "formatted_exception": text,
            "example_globals": {},
            "memory_delta": 0.0,
        }
        shown = ".. rst-class:: sphx-glr-script-out\n\n" + gen_rst.codestr2rst(text, lang="pytb")
        return _beside(blocks, line, f"\n{shown}\n\n\n\n"), 0.0

    with swapped(gen_rst, execute_script=show):
        yield Made(dict(failure))


@contextmanager
def shown_with_note(note: str) -> Iterator[None]:
    """Execute nothing; say why above the first output that is missing."""
    execute = gen_rst.execute_script

    def show(blocks: Any, variables: Any, conf: Any, file_conf: Any) -> tuple[list[str], float]:
        _, seconds = execute(blocks, variables, conf, file_conf)
        shown = f"\n.. note::\n\n{textwrap.indent(note, '    ')}\n\n" if note else ""
        return _beside(blocks, 0, shown), seconds

    with swapped(gen_rst, execute_script=show, executable_script=lambda path, conf: False):
        yield


def _beside(blocks: Any, line: int, text: str) -> list[str]:
    """Outputs of blocks: the text at the code block that holds the line, or at the first."""
    code = [i for i, block in enumerate(blocks) if block.type == "code" and has_code(block.content)]
    at = [i for i in code if blocks[i].lineno <= line] or code[:1]
    return [text if at and i == at[-1] else "" for i in range(len(blocks))]


def failure_of(formatted: str, path: str) -> dict[str, str]:
    """A failure from a traceback's text: its last line in the script, its type and message."""
    lines = re.findall(rf'File "{re.escape(path)}", line (\d+)', formatted)
    error = [line for line in formatted.splitlines() if line and not line.startswith(" ")][-1]
    kind, _, message = error.partition(": ")
    return {
        "where": f"line {lines[-1]}" if lines else "",
        "type": kind,
        "message": message,
        "traceback": formatted,
    }


def placeholder(name: str, problem: str, text: str) -> str:
    """A script that can be read, in the place of one that can't; its page shows the original."""
    lines = enumerate(text.splitlines(), 1)  # numbered, so that none is taken for an instruction
    source = "\n".join(f"    {number:>4}  {line}" for number, line in lines)
    page = (
        f"{name}\n{'=' * len(name)}\n\nThis script can't be read.\n\n"
        f".. code-block:: pytb\n\n{textwrap.indent(problem, '    ')}\n\n"
        f"Its text:\n\n.. code-block:: none\n\n{source}\n"
    )
    return ast.unparse(ast.Expr(ast.Constant(page))) + "\n"
