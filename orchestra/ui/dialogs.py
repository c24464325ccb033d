"""Questions as printed, a list to choose from, a pager."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from orchestra.core.dialogs import open_questions
from orchestra.core.text import clean, clean_lines
from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from orchestra.core.models import Escalation, Worker

AT_ONCE = 0.5  # seconds: a pager that is told to leave when all fits, or cat
WIDTH = 66  # columns of them, in a terminal of 80


def question_lines(worker: Worker) -> Iterable[str]:
    """A worker's open questions in full, their options with numbers."""
    yield click.style(f"#{worker.id} {clean(worker.title)}", bold=True)
    found = open_questions(worker)
    if not found:
        yield "  it asks nothing; what you say is guidance"
    for question in found:
        yield from _asked(question)


def _asked(question: Escalation) -> Iterable[str]:
    yield f"  {clean(question.summary)} ({question.gate.value})"
    for line in clean_lines(question.context).splitlines():
        yield from (f"    {piece}" for piece in wrap(line, WIDTH) or [""])
    yield from (f"  tried: {clean(one)}" for one in question.tried)
    yield from (f"  {place}. {clean(option)}" for place, option in enumerate(question.options, 1))
    if len(question.questions) > 1:
        yield "  answer each, in order: 1; 2"
        for one in question.questions:
            options = (f"{place}. {clean(str(option))}" for place, option in enumerate(one.get("options") or (), 1))
            yield f"    {clean(str(one.get('question')))}  {'  '.join(options)}"
    if question.need:
        yield f"  needs: {clean(question.need)}"


def page(text: str, pager: Sequence[str]) -> bool:
    """Show a diff in a pager; one that colours by itself gets it plain. False: it left at once, having shown all."""
    import os
    import time

    own = os.path.basename(pager[0]) in ("delta", "diff-so-fancy", "riff", "cat")
    shown = text if own else "\n".join(map(_coloured, text.split("\n")))
    begun = time.monotonic()
    try:
        subprocess.run([*pager], input=shown + "\n", text=True, check=False)
    except OSError as wrong:
        raise OrchestraError(f"{pager[0]} does not start: {wrong.strerror}", "set GIT_PAGER") from None
    return time.monotonic() - begun > AT_ONCE


def _coloured(line: str) -> str:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return click.style(line, bold=True)
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour else line


def read(prompt: str) -> str | None:
    """A line that the user typed; None at the end of the input."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - input() edits lines with it
    try:
        return input(prompt)
    except EOFError:
        return None
