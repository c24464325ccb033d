"""Short dialogs in a terminal or a popup: answer a worker, choose from a list, decide about gates."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from orchestra.answering import choosing
from orchestra.dialogs import open_questions
from orchestra.errors import OrchestraError
from orchestra.text import clean, clean_lines

if TYPE_CHECKING:
    from orchestra.model import Escalation, Worker
    from orchestra.view import Row

HOW = "a number picks an option, an empty line sends, e opens your editor, q leaves"


def asked(worker: Worker) -> Iterable[str]:
    """All that a worker asks, in full; the options of what words answer have numbers."""
    yield click.style(f"#{worker.id} {clean(worker.title)}", bold=True)
    found = open_questions(worker)
    if not found:
        yield "  it asks nothing; what you say is guidance"
    for question in found:
        yield from _question(question)


def _question(question: Escalation) -> Iterable[str]:
    yield f"  {clean(question.summary)} ({question.gate.value})"
    yield from (f"    {line}" for line in clean_lines(question.context).splitlines())
    yield from (f"  tried: {clean(one)}" for one in question.tried)
    yield from (f"  {place}. {clean(option)}" for place, option in enumerate(question.options, 1))
    if question.need:
        yield f"  needs: {clean(question.need)}"


def words(worker: Worker) -> str:
    """What the person wants to say to a worker; empty when they leave."""
    show(asked(worker))
    chosen = choosing(worker)
    options = chosen.options if chosen else ()
    click.echo(click.style(f"  {HOW}", dim=True))
    lines: list[str] = []
    while (line := read("> ")) is not None:
        if not lines and line.strip() == "q":
            return ""
        if not lines and line.strip() == "e":
            return (click.edit("\n" + _quoted(worker)) or "").partition("\n# ")[0].strip()
        if not lines and line.isascii() and line.isdigit() and 1 <= int(line) <= len(options):
            return line
        if not line.strip():
            break
        lines.append(line)
    return "\n".join(lines)


def answerable(worker: Worker) -> tuple[str, ...]:
    """The request that words to this worker answer, as it was shown."""
    chosen = choosing(worker)
    return (chosen.request,) if chosen else ()


def _quoted(worker: Worker) -> str:
    return "\n".join(f"# {click.unstyle(line)}" for line in asked(worker))


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


def gates(rows: Sequence[Row], act: Callable[[Worker, str, str], str]) -> None:
    """Show what waits and take decisions, several on a line; `act(worker, verb, words)` does one and says how."""
    for row in rows:
        show(asked(row.worker))
    workers = {row.worker.id: row.worker for row in rows}
    first = rows[0].worker.id
    click.echo(click.style(f"  {first} y approves, {first} n WHY denies, {first} WORDS answers; 1,2 y both", dim=True))
    if any(len(open_questions(worker)) > 1 for worker in workers.values()):
        click.echo(click.style("  Y and N: all that a worker asks, not the first alone", dim=True))
    while line := read("> "):
        wanted, _, rest = line.strip().partition(" ")
        verb, _, why = rest.strip().partition(" ")
        verb, why = (verb, why) if verb in ("y", "n", "Y", "N") else ("tell", rest)
        for number in (one.lstrip("#") for one in wanted.split(",")):
            try:
                known = workers.get(number)
                click.echo(act(known, verb, why) if known else f"#{clean(number, 20)} asks nothing here")
            except OrchestraError as wrong:
                click.echo(f"#{clean(number, 20)}: {wrong.message}", err=True)


def page(text: str, pager: Sequence[str]) -> None:
    """Show a diff in a pager; one that colours by itself gets it plain."""
    import os

    own = os.path.basename(pager[0]) in ("delta", "diff-so-fancy", "riff", "cat")
    shown = text if own else "\n".join(map(_coloured, text.split("\n")))
    try:
        subprocess.run([*pager], input=shown + "\n", text=True, check=False)
    except OSError as wrong:
        raise OrchestraError(f"{pager[0]} does not start: {wrong.strerror}", "set GIT_PAGER") from None


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
