"""`orchestra list`: the table of workers in a terminal, whole lines for a pipe, tab-separated with `--plain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestra.core import cells, radar
from orchestra.core.attention import activity
from orchestra.core.dialogs import open_questions
from orchestra.core.models import Escalation, Gate, Status, Worker
from orchestra.core.pull_request import Checks, Pull
from orchestra.core.records import Record
from orchestra.core.state import OVER, Role, State
from orchestra.core.text import age, clean
from orchestra.core.verdict import LAST_SEEN
from orchestra.ui.paint import Paint, state_text
from orchestra.workers.overview import Overview, WorkerRow

LEAST_TITLE = 12  # columns; where there are fewer, the columns before the title go, the changes first
INDENT = "       "
_CHECKS = {Checks.NONE: "", Checks.PENDING: " \u25cc", Checks.PASSING: " \u2714", Checks.FAILING: " \u2718"}


class Columns(Record):
    """How wide each column is; 0 where it is left out."""

    number: int
    state: int
    age: int
    changes: int
    pull: int
    title: int


def table(view: Overview, title: str, paint: Paint, *, name: str = "") -> Iterator[str]:
    """A line a worker, the most urgent first, and below those that need the user what they ask and how to answer.

    `name` is put before the numbers in commands (`widgets#2`): of a project that is not the one around.
    """
    yield heading(view, title, paint)
    yield from notices(view, paint)
    if view.rows:
        yield ""
        wide = columns(view.rows, paint.columns)
        yield paint.role(heads(wide), Role.MUTED)
        for row in view.rows:
            yield from _row(row, wide, paint, name)
    for problem in view.problems:
        text = f"? #{problem.id}  {clean(problem.what)}: {clean(problem.path, 300)}"
        yield from (paint.role(line, Role.WARNING) for line in fold(text, paint.columns))


def heading(view: Overview, title: str, paint: Paint) -> str:
    """`widgets · 3 workers · 1 needs you                GitHub 12s ago`"""
    count, needing = len(view.rows), sum(row.shown.needs_you for row in view.rows)
    parts = [clean(title), f"{count} worker{'' if count == 1 else 's'}"]
    parts += [f"{needing} need{'s' if needing == 1 else ''} you"] if needing else []
    right = view.heard
    room = paint.columns - cells.width(right) - 2 if right else paint.columns
    left = cells.cut(" \u00b7 ".join(parts), max(20, room))
    gap = " " * (paint.columns - cells.width(left) - cells.width(right)) if right else ""
    fits = right and cells.width(left) + 2 + cells.width(right) <= paint.columns
    return paint.bold(left) + (gap + paint.role(right, Role.MUTED) if fits else "")


def notices(view: Overview, paint: Paint) -> Iterator[str]:
    """What concerns all workers, or how to begin."""
    if view.warning:
        yield from (paint.role(line, Role.ALARM) for line in fold(f"! {view.warning}", paint.columns))
    for text in view.notices:
        yield from (paint.role(line, Role.WARNING) for line in fold(clean(text, 400), paint.columns))
    for one in view.conflicts[:5]:
        yield from (paint.role(line, Role.WARNING) for line in fold(clean(radar.sentence(one), 400), paint.columns))
    if view.open is False and view.rows:
        yield "the workspace is not open: orchestra up"
    if view.open is None:
        text = "tmux does not answer, so what the panes do is not known: orchestra doctor"
        yield from (paint.role(line, Role.WARNING) for line in fold(text, paint.columns))
    if view.forge:
        yield from (paint.role(line, Role.WARNING) for line in fold(view.forge, paint.columns))
    if not view.rows:
        yield "start one: orchestra spawn ID"


def columns(rows: Sequence[WorkerRow], most: int) -> Columns:
    """Column widths for a terminal of `most` columns: the state is never cut, the title takes what is left."""
    number = max(4, *(cells.width(row.worker.id) for row in rows))
    state = max(len("STATE"), *(cells.width(state_text(row.shown)) for row in rows))
    old = max(5, *(len(age(row.state_age)) for row in rows))
    changes = max(len("CHANGES"), *(cells.width(changes_text(row)) for row in rows))
    pull = max(len("PR"), *(cells.width(pull_text(row.worker.pull)) for row in rows))
    for left_out in ((), ("changes",), ("changes", "pull")):
        found = Columns(number, state, old, changes, pull, 0)._replace(**dict.fromkeys(left_out, 0))
        rest = most - len(_line(("",) * 6, found))
        if rest >= LEAST_TITLE:
            break
    return found._replace(title=max(0, rest))


def _line(parts: Sequence[str], wide: Columns) -> str:
    number, state, old, changes, pull, title = parts
    text = f"{cells.pad(number, wide.number)} {cells.pad(state, wide.state)} {old:>{wide.age}}  "
    text += f"{cells.pad(changes, wide.changes)}  " if wide.changes else ""
    text += f"{cells.pad(pull, wide.pull)}  " if wide.pull else ""
    return text + cells.cut(title, wide.title) if wide.title or not title else text


def heads(wide: Columns) -> str:
    """The heads of the columns."""
    return _line(("#", "STATE", "AGE", "CHANGES", "PR", "TITLE"), wide).rstrip()


def row_parts(row: WorkerRow, wide: Columns) -> tuple[str, str, str]:
    """A worker's line: its number, its state, all the rest."""
    worker = row.worker
    parts = (worker.id, state_text(row.shown), age(row.state_age), changes_text(row), pull_text(worker.pull))
    line = _line((*parts, clean(worker.title)), wide)
    state = cells.pad(state_text(row.shown), wide.state)
    before = cells.pad(worker.id, wide.number) + " "
    return before, state, line[len(before) + len(state) :]


def _row(row: WorkerRow, wide: Columns, paint: Paint, name: str) -> Iterator[str]:
    worker = row.worker
    before, state, rest = row_parts(row, wide)
    pull = pull_text(worker.pull)
    shown = paint.look.text(rest).rstrip()
    if wide.pull and worker.pull is not None and pull in rest:
        shown = shown.replace(paint.look.text(pull), paint.link(paint.look.text(pull), clean(worker.pull_url or "")), 1)
    yield before + paint.role(state, row.shown.role) + shown
    told = [*(need_lines(row, name) if row.shown.needs_you else quiet_lines(row)), *lasting(row)]
    for text in told:
        yield INDENT + paint.look.text(cells.cut(text, paint.columns - len(INDENT)))


def quiet_lines(row: WorkerRow) -> list[str]:
    """What is worth a line about a worker that needs nobody: what it waits for, why it is silent or at rest."""
    if row.shown.state in (State.SILENT, State.UNKNOWN) or activity(row.seen).retrying:
        return [row.why if LAST_SEEN in row.why else f"{row.why} for {age(row.state_age)}"]  # the age is in its column
    queued = row.worker.status is Status.QUEUED
    if row.why and row.shown.word.endswith(row.why):
        return []  # the state says it already
    told = queued or row.shown.state is State.RESTING or (row.shown.state is State.MERGED and row.why)
    return [row.why] if told else []


def lasting(row: WorkerRow) -> list[str]:
    """Why a worker's base may be older than the remote's, and what became of its issue, until its work is over."""
    found = (row.worker.stale_base, row.worker.issue_note)
    return [clean(text, 200) for text in found if text and row.shown.state not in OVER]


def need_lines(row: WorkerRow, name: str = "") -> Iterator[str]:
    """What a worker needs the user for, and the command that answers."""
    asked = next(iter(open_questions(row.worker)), None)
    several = asked is not None and len(asked.questions) > 1
    options = asked.options if asked is not None and not several else ()
    listed = "   ".join(f"{place} {clean(option, 40)}" for place, option in enumerate(options, 1))
    if text := "   ".join(part for part in (row.why, listed) if part):
        yield text
    yield answer_command(row, name)


def answer_command(row: WorkerRow, name: str = "") -> str:
    """The command that goes on from what a worker needs."""
    worker, state = row.worker, row.shown.state
    asked = next(iter(open_questions(worker)), None)
    number = f"{name}#{worker.id}" if name else worker.id
    if asked is not None:
        return asked_command(number, worker, asked)
    if worker.status is Status.PAUSED:
        return f"orchestra resume {number}   or orchestra cancel {number}"
    if state is State.QUESTION or (state is State.STUCK and worker.status is not Status.STUCK and row.seen.pane):
        dead = row.seen.pane is not None and row.seen.pane.dead
        return f"orchestra spawn {number}" if dead else f'orchestra tell {number} "..."'
    if state is State.STUCK:
        return f"orchestra spawn {number}"
    return f"orchestra attach {number}"


def asked_command(number: str, worker: Worker, asked: Escalation) -> str:
    """The command that answers an open question."""
    if asked.request.startswith("failed-"):
        return f'orchestra restart {number}   or orchestra tell {number} "..."'
    if asked in worker.dialogs and asked.gate in (Gate.PERMISSION, Gate.PLAN):
        return f'orchestra approve {number}   or orchestra deny {number} "why"'
    if asked.gate is Gate.DOMAIN and not asked.options:
        return f'orchestra approve {number}   or orchestra tell {number} "..."'
    if len(asked.questions) > 1:
        return f'orchestra tell {number} "{"; ".join("1" for _ in asked.questions)}"'
    return f"orchestra tell {number} 1" if asked.options else f'orchestra tell {number} "..."'


def changes_text(row: WorkerRow) -> str:
    """`2 +27 -0`, or `-` where nothing has changed or nothing is known."""
    held = row.changes
    return f"{held.files} +{held.insertions} -{held.deletions}" if held and held.files else "-"


def pull_text(pull: Pull | None) -> str:
    """`#31 ✔`, or `-` where there is no pull request."""
    return f"#{pull.number}{_CHECKS[pull.checks]}" if pull is not None else "-"


def whole_lines(view: Overview, title: str, paint: Paint, *, name: str = "") -> Iterator[str]:
    """Everything, one line a worker: for a pipe, and with `--wide`."""
    yield (
        heading(view, title, paint._replace(columns=100_000)) if not view.heard else _whole_heading(view, title, paint)
    )
    yield from notices(view, paint._replace(columns=100_000))
    if view.rows:
        yield ""
        rows: list[tuple[str, ...]] = [("#", "STATE", "AGE", "CHANGES", "PR", "TITLE")]
        rows += [_whole(row, name) for row in view.rows]
        wide = [max(cells.width(row[place]) for row in rows) for place in range(5)]
        for place, row in enumerate(rows):
            line = "  ".join((*map(cells.pad, row[:5], wide), row[5])).rstrip()
            role = Role.MUTED if not place else view.rows[place - 1].shown.role
            yield paint.role(line, role)
    yield from (f"? #{one.id}  {clean(one.what)}: {clean(one.path, 300)}" for one in view.problems)


def _whole_heading(view: Overview, title: str, paint: Paint) -> str:
    return heading(view._replace(heard=""), title, paint._replace(columns=100_000)) + f"   {view.heard}"


def _whole(row: WorkerRow, name: str) -> tuple[str, ...]:
    worker = row.worker
    told = [clean(worker.title), clean(worker.pull_url or "", 300)]
    told += [*(need_lines(row, name) if row.shown.needs_you else quiet_lines(row)), *lasting(row)]
    facts = (worker.id, state_text(row.shown), age(row.state_age), changes_text(row), pull_text(worker.pull))
    return (*facts, "   ".join(part for part in told if part))


def plain_lines(views: Iterable[tuple[str, Overview]]) -> Iterator[str]:
    """Tab-separated: number, state, seconds, files, insertions, deletions, pull request, checks, address, title, why.

    The number is `project#2` where there are several projects.
    """
    for name, view in views:
        for row in view.rows:
            worker, held, pull = row.worker, row.changes, row.worker.pull
            counts = (held.files, held.insertions, held.deletions) if held else ("", "", "")
            facts = (pull.number, pull.checks.value) if pull else ("", "")
            number = f"{name}#{worker.id}" if name else worker.id
            told = (clean(worker.pull_url or "", 300), clean(worker.title), clean(row.why))
            yield "\t".join(map(str, (number, row.shown.word, int(row.state_age), *counts, *facts, *told)))


def fold(text: str, most: int, indent: str = "") -> list[str]:
    """`text` in lines of at most `most` columns, broken at words; the second and later ones behind `indent`."""
    lines, rest = [], text
    while cells.width(rest) > most:
        kept = cells.clip(rest, most)
        at = kept.rfind(" ")
        at = at if at > len(indent) + most // 3 else len(kept)
        lines.append(rest[:at].rstrip())
        rest = indent + rest[at:].lstrip()
    return [*lines, rest]
