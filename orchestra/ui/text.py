"""Records as text for people, and as the JSON documents of `--json`. Everything foreign passes `clean`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from orchestra.core import attention
from orchestra.core.dialogs import open_questions
from orchestra.core.models import Attention, Delivery, Escalation, Gate, Status, Worker
from orchestra.core.text import age, clean, clean_lines, seconds_of
from orchestra.errors import UsageError
from orchestra.workers import token_usage
from orchestra.workers.overview import Overview, WorkerRow

if TYPE_CHECKING:
    from orchestra.commands.doctor import Finding, KeptEnvironment
    from orchestra.commands.down import Closed
    from orchestra.commands.issues import Listed
    from orchestra.commands.prune import Pruned
    from orchestra.commands.spawn import Spawned
    from orchestra.commands.tell import Told
    from orchestra.commands.up import Opened
    from orchestra.commands.wait import Waited

COLOURS = {
    Attention.BLOCKED: "red",
    Attention.STUCK: "red",
    Attention.CRASHED: "red",
    Attention.LIMITED: "yellow",
    Attention.SILENT: "yellow",
    Attention.READY: "green",
}
CALM = (None, Attention.READY)  # nothing is wrong: a review can wait


def table(view: Overview, title: str, width: int) -> Iterable[str]:
    """The list: a line a worker, and below the ones that need a person what they ask."""
    needing = sum(row.attention not in CALM for row in view.rows)
    count = len(view.rows)
    head = f"{clean(title)}   {count} worker{'' if count == 1 else 's'}"
    yield head + (f", {needing} need{'s' if needing == 1 else ''} you" if needing else "")
    if view.warning:
        yield click.style(f"[!] {view.warning}", fg="red")
    if view.open is False and count:
        yield "the workspace is not open: orchestra up"
    if view.open is None:
        yield "tmux does not answer: what the panes do is not known; see orchestra doctor"
    if view.forge:
        yield view.forge
    if not count:
        yield "start one: orchestra spawn ID"
    else:
        yield ""
    titles = max((len(clean(row.worker.title)) for row in view.rows), default=0)
    for row in view.rows:
        yield from _row(row, min(titles, max(20, width - 62)))
    for problem in view.problems:
        yield f"[?] #{problem.id}  {clean(problem.path, 300)}: {clean(problem.what)}"


def _row(row: WorkerRow, room: int) -> Iterable[str]:
    worker = row.worker
    status = worker.status.value if row.attention in CALM else str(row.attention)
    mark = f"[{attention.sign(worker, row.attention)}]"
    colour = COLOURS.get(row.attention) if row.attention else None
    head = f"{mark} #{worker.id:<4} {status:<9}{age(row.age):>4}  "
    title = fit(clean(worker.title), room)
    yield (click.style(head, fg=colour) if colour else head) + f"{title}  {_tail(row)}".rstrip()
    if row.attention not in CALM:
        yield _need(row)


def fit(text: str, room: int, cut: str = "\u2026") -> str:
    """The text in exactly `room` columns; wide characters take two (rich knows which)."""
    if text.isascii():
        return f"{text:<{room}}" if len(text) <= room else text[: room - len(cut)] + cut
    from rich.cells import cell_len, set_cell_size

    return set_cell_size(text, room) if cell_len(text) <= room else set_cell_size(text, room - len(cut)) + cut


def _tail(row: WorkerRow) -> str:
    """What stands at the end of a worker's line: the pull request, or what the worktree holds."""
    worker = row.worker
    if worker.pull is not None:
        return f"{attention.pull_line(worker)}   {clean(worker.pull_url or '', 120)}"
    if row.changes is not None and row.changes.files:
        files = f"{row.changes.files} file{'' if row.changes.files == 1 else 's'}"
        return f"{files} +{row.changes.insertions} -{row.changes.deletions}"
    return ""


def _need(row: WorkerRow) -> str:
    worker = row.worker
    asked = next(iter(open_questions(worker)), None)
    options = "  " + " | ".join(clean(option, 40) for option in asked.options) if asked and asked.options else ""
    mend = {
        Attention.STUCK: f"orchestra resume {worker.id}" if _held(row) else f'orchestra tell {worker.id} "..."',
        Attention.BLOCKED: _answer(worker.id, asked) if asked in worker.dialogs else f"orchestra attach {worker.id}",
        Attention.CRASHED: f"orchestra spawn {worker.id}",
    }.get(row.attention or Attention.READY, f"orchestra attach {worker.id}")
    text = f"      {clean(row.why, 100)}{options}"
    return f"{text:<58}{mend}" if len(text) < 58 else f"{text}   {mend}"


def _held(row: WorkerRow) -> bool:
    """Paused without a person's word: the person says whether it goes on."""
    return row.worker.status is Status.PAUSED and row.attention is Attention.STUCK


def worker(row: WorkerRow, now: float) -> Iterable[str]:
    """One worker in full."""
    yield from state_lines(row, now)
    yield from questions(row.worker)
    yield from guidance(row.worker)


def state_lines(row: WorkerRow, now: float) -> Iterable[str]:
    """How a worker stands; its title first."""
    it = row.worker
    yield f"#{it.id} {clean(it.title)}"
    if row.warning:
        yield click.style(f"  [!] {row.warning}", fg="red")
    yield f"  status     {it.status.value} for {age(row.age)}" + (
        f"; needs you: {row.attention}" if row.attention else ""
    )
    if _held(row):
        yield f"             {row.why}: orchestra resume {it.id} goes on, orchestra cancel {it.id} ends it"
    doing = attention.activity(row.seen)
    since = seconds_of(doing.since)
    yield f"  agent      {clean(it.agent, 40)} {doing.state.value}" + (f" for {age(now - since)}" if since else "")
    if doing.detail:
        yield f"             {clean(doing.detail, 160)}"
    yield f"  branch     {clean(it.branch, 100)} from {clean(it.base, 100)} ({clean(it.base_commit, 10)})"
    yield f"  worktree   {clean(it.worktree, 300)}"
    yield f"  changes    {_changes(row)}"
    if row.tokens:
        yield f"  tokens     {token_usage.summary(row.tokens)}"
    if it.plan:
        yield f"  plan       {clean(it.plan, 300)}"
    if it.pull_url or it.pull:
        yield f"  pull       {attention.pull_line(it)} {clean(it.pull_url or '', 200)}"
    elif row.attention is Attention.READY:
        yield f"  review     git diff {clean(it.base, 100)}...{clean(it.branch, 100)}"


def questions(worker: Worker) -> Iterable[str]:
    """What a worker asks, and how it is answered."""
    asks = open_questions(worker)
    for asked in asks:
        yield from _question(worker.id, asked)
    if len(asks) > 1:
        yield f'  all        orchestra approve {worker.id} --all or orchestra deny {worker.id} --all "..."'


def guidance(worker: Worker) -> Iterable[str]:
    """What a worker was told, and how far that has come."""
    for words in worker.guidance:
        state = f"{words.state.value}, from {clean(words.sender, 30)}"
        yield f"  {clean(words.id, 10):<10} {state}: {clean(words.text, 120)}"


def _changes(row: WorkerRow) -> str:
    held = row.changes
    return (
        f"{held.files} file{'' if held.files == 1 else 's'} +{held.insertions} -{held.deletions}"
        if held
        else "none known"
    )


def _answer(number: str, asked: Escalation | None) -> str:
    """How a person answers from elsewhere."""
    if asked is None or asked.gate not in (Gate.PERMISSION, Gate.PLAN):
        several = asked is not None and len(asked.questions) > 1
        return f'orchestra tell {number} "1; 1"' if several else f'orchestra tell {number} "..."'
    return f"orchestra approve {number}"


def _question(number: str, asked: Escalation) -> Iterable[str]:
    yield f"  asks       {clean(asked.summary)} ({asked.gate.value})"
    if asked.context:
        yield from (f"             {line}" for line in clean_lines(asked.context).splitlines())
    yield from (f"  tried      {clean(tried)}" for tried in asked.tried)
    yield from (f"  option {place}   {clean(option)}" for place, option in enumerate(asked.options, 1))
    if asked.need:
        yield f"  needs      {clean(asked.need)}"
    more = f' or orchestra deny {number} "..."' if asked.gate in (Gate.PERMISSION, Gate.PLAN, Gate.DOMAIN) else ""
    yes = f"orchestra approve {number}" if asked.gate is Gate.DOMAIN else _answer(number, asked)
    if asked.options and asked.gate is Gate.DOMAIN:
        yes, more = f"orchestra tell {number} 1", ", or your own words"
    yield f"  answer     {yes}{more}"


def spawned(found: Sequence[Spawned]) -> Iterable[str]:
    """One line an issue."""
    for one in found:
        said = f"#{clean(one.id, 40)} {one.result}"
        yield said + (f": {clean(one.error, 400)}" if one.error else "") + (f"  ({one.hint})" if one.hint else "")


def opened(found: Opened, project: str) -> Iterable[str]:
    """What `up` did."""
    yield f"{project}: {'opened' if found.created else 'is open'}"
    if found.resumed:
        yield "brought back: " + ", ".join(f"#{number}" for number in found.resumed)
    yield from found.mended
    yield from found.limits
    if found.next:
        yield found.next


def closed(found: Closed, project: str) -> str:
    """What `down` did."""
    if not found.was_open:
        return f"{project} was not open"
    return f"{project} closed; {found.workers} workers rest in their worktrees: orchestra up brings them back"


def decided(verb: str, number: str, found: Sequence[Escalation]) -> Iterable[str]:
    """What was approved or denied, a line each."""
    return [f"{verb} for #{number}: {clean(one.summary)}" for one in found]


def told(found: Told) -> str:
    """How far the words have come, and never further than the agent has shown."""
    if not found.id:
        return f"#{found.worker}: its question is answered"
    if found.state is Delivery.QUEUED:
        return f"#{found.worker}: {found.id} is queued, not delivered yet; the agent gets it when it can take it"
    return f"#{found.worker}: {found.id} delivered" + (", its question is answered" if found.answered else "")


def statuses(text: str) -> frozenset[Status]:
    """`complete,merged` as statuses; raises UsageError for an unknown one."""
    try:
        return frozenset(Status(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise UsageError(f"--for: {clean(text, 60)!r} names no status", "one of: " + ", ".join(Status)) from None


def waited(found: Waited) -> Iterable[str]:
    """Where each worker was when the waiting ended."""
    for row in found.rows:
        why = ": ".join(part for part in (str(row.attention or ""), row.why) if part)
        yield f"#{row.worker.id} {row.worker.status.value}" + (f" ({why})" if why else "")


def findings(found: Sequence[Finding]) -> Iterable[str]:
    """What the doctor found, each with its mend."""
    if not found:
        yield "all is well"
    for one in found:
        colour = "red" if one.severity == "error" else "yellow"
        yield click.style(f"{one.id} {one.severity}", fg=colour) + f": {clean(one.what, 400)}"
        yield f"      {clean(one.mend, 400)}"


def environment(found: KeptEnvironment) -> Iterable[str]:
    """The names of a project's variables, how long each is, and who gets it."""
    yield f"recorded {found.at} by {clean(found.by, 40)}; the values are not shown"
    width = max((len(one.name) for one in found.variables), default=0)
    for one in found.variables:
        whose = "agents, git and tools" if one.agent else "git and tools"
        yield f"{clean(one.name, 80):<{width}}  {one.masked:<18}  {whose}"


def issues(found: Sequence[Listed], width: int) -> Iterable[str]:
    """The open issues as a table; `*` marks those with a worker."""
    if not found:
        return ["no open issues"]
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in found:
        labels = " ".join(clean(label, 30) for label in one.issue.labels)
        mark = "[*]" if one.worker else "[ ]"
        table.add_row(Text(f"{mark} #{one.issue.number}"), Text(clean(one.issue.title, 200)), Text(labels, style="dim"))
    console = Console(width=width, no_color=True, highlight=False)
    with console.capture() as drawn:
        console.print(table)
    return [line.rstrip() for line in drawn.get().splitlines()]


def pruned(found: Pruned, *, dry_run: bool) -> Iterable[str]:
    """What was removed, and why each of the others stays."""
    for number in found.removed:
        yield f"#{number} {'would be removed' if dry_run else 'removed: worktree and branch; its journal is kept'}"
    for one in found.kept:
        yield f"#{one.id} kept: {clean(one.why, 200)}"
    if not found.removed and not found.kept:
        yield "nothing to prune"
