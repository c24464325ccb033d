"""Short dialogs in a terminal or a popup: answer a worker, choose from a list, decide about gates."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from orchestra.core.dialogs import open_questions
from orchestra.core.text import clean, clean_lines
from orchestra.errors import OrchestraError
from orchestra.workers.answers import open_choice

if TYPE_CHECKING:
    from orchestra.core.models import Escalation, Worker
    from orchestra.workers.overview import WorkerRow

HOW = "a number picks an option, an empty line sends, e edits, q leaves"
AT_ONCE = 0.5  # seconds: a pager that is told to leave when all fits, or cat
FEW = 8  # lines of context in a popup; a plan has hundreds
WIDTH = 66  # columns of them, in a terminal of 80


def question_lines(worker: Worker, most: int = 10_000, how: str = "") -> Iterable[str]:
    """A worker's open questions, their options with numbers; `most` lines of what each adds, and how to see more."""
    yield click.style(f"#{worker.id} {clean(worker.title)}", bold=True)
    found = open_questions(worker)
    if not found:
        yield "  it asks nothing; what you say is guidance"
    for question in found:
        yield from _asked(question, most, how)


def _asked(question: Escalation, most: int, how: str) -> Iterable[str]:
    yield f"  {clean(question.summary)} ({question.gate.value})"
    lines = [piece for line in clean_lines(question.context).splitlines() for piece in wrap(line, WIDTH) or [""]]
    yield from (f"    {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"    ... {len(lines) - most} lines more{how}"
    yield from (f"  tried: {clean(one)}" for one in question.tried)
    yield from (f"  {place}. {clean(option)}" for place, option in enumerate(question.options, 1))
    if len(question.questions) > 1:
        yield "  answer each, in order: 1; 2"
        for one in question.questions:
            options = (f"{place}. {clean(str(option))}" for place, option in enumerate(one.get("options") or (), 1))
            yield f"    {clean(str(one.get('question')))}  {'  '.join(options)}"
    if question.need:
        yield f"  needs: {clean(question.need)}"


def read_words(worker: Worker) -> str:
    """What the person wants to say to a worker; empty when they leave."""
    show(question_lines(worker, FEW, ": v shows them"))
    click.echo(click.style(f"  {HOW}", dim=True))
    chosen = open_choice(worker)
    options = chosen.options if chosen else ()
    lines: list[str] = []
    while (line := read("> ")) is not None:
        first = "" if lines else line.strip()
        if first == "q":
            return ""
        if first == "v":
            view(worker)
        elif first == "e":
            return (click.edit("\n" + _quoted(worker)) or "").partition("\n# ")[0].strip()
        elif first.isascii() and first.isdigit() and 1 <= int(first) <= len(options):
            return first
        elif not line.strip():
            break
        else:
            lines.append(line)
    return "\n".join(lines)


def answerable(worker: Worker) -> tuple[str, ...]:
    """The request that words to this worker answer, as it was shown."""
    chosen = open_choice(worker)
    return (chosen.request,) if chosen else ()


def _quoted(worker: Worker) -> str:
    return "\n".join(f"# {click.unstyle(line)}" for line in question_lines(worker))


def choose(lines: Sequence[str], numbers: Sequence[str], what: str) -> str | None:
    """The number of a line the person chooses: type it, or words to see fewer lines; None when they leave."""
    shown = list(zip(lines, numbers, strict=True))
    while True:
        show(line for line, _ in shown)
        said = read(f"{what} (a number, words to search, Enter leaves): ")
        if not said:
            return None
        wanted = said.strip().lstrip("#")
        if wanted in numbers:
            return wanted
        found = [(line, number) for line, number in zip(lines, numbers, strict=True) if _has(line, wanted)]
        if len(found) == 1:
            return found[0][1]
        shown = found or list(zip(lines, numbers, strict=True))
        click.echo("" if found else f"nothing has {clean(wanted, 60)!r}")


def _has(line: str, wanted: str) -> bool:
    text = click.unstyle(line).lower()
    return all(word in text for word in wanted.lower().split())


def gates(rows: Sequence[WorkerRow], act: Callable[[Worker, str, str], str]) -> None:
    """Show what waits and take decisions, several on a line; `act(worker, verb, words)` does one and says how."""
    known = {row.worker.id: row.worker for row in rows}
    for worker in known.values():
        show(question_lines(worker, FEW) if len(known) == 1 else brief_lines(worker))
    first = next(iter(known))
    how = f"{first} y approves, {first} n WHY denies, {first} WORDS answers, {first} v shows all; 1,2 y both"
    click.echo(click.style(f"  {how}", dim=True))
    if any(len(open_questions(worker)) > 1 for worker in known.values()):
        click.echo(click.style("  Y and N: all that a worker asks, not the first alone", dim=True))
    while line := read("> "):
        wanted, _, rest = line.strip().partition(" ")
        verb, _, why = rest.strip().partition(" ")
        verb, why = (verb, why) if verb in ("y", "n", "Y", "N", "v") else ("tell", rest)
        for number in (one.lstrip("#") for one in wanted.split(",")):
            try:
                if number not in known:
                    click.echo(f"#{clean(number, 20)} asks nothing here")
                elif verb == "v":
                    view(known[number])
                else:
                    click.echo(act(known[number], verb, why))
            except OrchestraError as wrong:
                click.echo(f"#{clean(number, 20)}: {wrong.message}", err=True)


def brief_lines(worker: Worker) -> Iterable[str]:
    """The same in few lines, of many workers."""
    yield click.style(f"#{worker.id} {clean(worker.title, WIDTH)}", bold=True)
    for question in open_questions(worker):
        options = (f"{place}. {clean(option, 30)}" for place, option in enumerate(question.options, 1))
        yield "  " + "  ".join((f"{clean(question.summary, WIDTH)} ({question.gate.value})", *options))


def view(worker: Worker) -> None:
    """All that a worker asks, in a pager."""
    page("\n".join(map(click.unstyle, question_lines(worker))), ("less", "-R"))


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


def show(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)


def read(prompt: str) -> str | None:
    """A line of the person's; None at the end of the input."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - input() edits lines with it
    try:
        return input(prompt)
    except EOFError:
        return None
