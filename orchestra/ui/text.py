"""Records as text for people, and as the JSON documents of `--json`. Everything foreign passes `clean`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from orchestra.core import radar
from orchestra.core.cells import cut
from orchestra.core.models import Delivery, Escalation, Status
from orchestra.core.text import clean, clean_lines
from orchestra.errors import UsageError

if TYPE_CHECKING:
    from orchestra.commands.doctor import AgentTrial, CheckResult, Finding, KeptEnvironment
    from orchestra.commands.down import Closed
    from orchestra.commands.issues import Listed
    from orchestra.commands.prune import Pruned
    from orchestra.commands.queue import QueueView
    from orchestra.commands.review import Review
    from orchestra.commands.spawn import Spawned
    from orchestra.commands.tell import Told
    from orchestra.commands.up import Opened
    from orchestra.commands.wait import Waited
    from orchestra.core.radar import MergeStep


def spawned(found: Sequence[Spawned]) -> Iterable[str]:
    """One line an issue."""
    for one in found:
        said = f"#{clean(one.id, 40)} {one.result}" + (f": waits {clean(one.why, 400)}" if one.why else "")
        yield said + (f": {clean(one.error, 400)}" if one.error else "") + (f"  ({one.hint})" if one.hint else "")
        yield from (f"  {clean(note, 400)}" for note in one.notes)


def queue(found: QueueView) -> Iterable[str]:
    """The queue, a line a worker."""
    yield f"{found.project}: {found.taken} of {found.places} places taken, {len(found.rows)} queued"
    for row in found.rows:
        label = f"  [{clean(row.priority, 30)}]" if row.priority else ""
        waits = row.why if row.worker.on_hold else f"waits {row.why}"
        yield f"{row.place:>3}. #{row.worker.id:<5} {cut(clean(row.worker.title), 50)}{label}  {clean(waits, 300)}"


def review(found: Review) -> Iterable[str]:
    """The files of a change, and the comments that are kept."""
    yield f"#{found.worker.id} {clean(found.worker.title)}"
    for one in found.files:
        count = "binary" if one.patch.binary else f"+{one.patch.added} -{one.patch.removed}"
        yield f"  {clean(one.patch.path, 400)}  {count}" + ("" if one.committed else "  not committed")
    if not found.files:
        yield "  it has changed nothing yet"
    for draft in found.drafts.comments:
        gone = "" if found.spot(draft) else ", outdated"
        yield f"comment {draft.id} on {clean(draft.path, 400)}, {draft.where}{gone}: {clean(draft.words, 400)}"


def merge_order(found: Sequence[MergeStep]) -> Iterable[str]:
    """The order of merges, a line a worker, and what each later one has to resolve."""
    if not found:
        yield "no worker has anything to merge"
    for place, step in enumerate(found, 1):
        has = "; ".join(radar.sentence(one) for one in step.resolves)
        yield f"{place:>3}. #{step.number}" + (f"  then has to resolve: {clean(has, 600)}" if has else "")


def opened(found: Opened, project: str) -> Iterable[str]:
    """What `up` did."""
    yield f"{project}: {'opened' if found.created else 'is open'}"
    if found.resumed:
        yield "brought back: " + ", ".join(f"#{number}" for number in found.resumed)
    yield from found.repaired
    yield from found.limits
    yield from found.ignored
    yield from (clean(one, 400) for one in found.access)
    if found.next:
        yield found.next


def closed(found: Closed, project: str) -> str:
    """What `down` did."""
    if not found.was_open:
        return f"{project} was not open"
    if not found.workers:
        return f"{project} closed; no worker was running"
    if found.workers == 1:
        return f"{project} closed; 1 worker stopped, its worktree is kept: orchestra up brings it back"
    return f"{project} closed; {found.workers} workers stopped, their worktrees are kept: orchestra up brings them back"


def decided(verb: str, number: str, found: Sequence[Escalation]) -> Iterable[str]:
    """What was approved or denied, a line each."""
    return [f"{verb} for #{number}: {clean(one.summary)}" for one in found]


def told(found: Told) -> str:
    """How far the words have come, and never further than the agent has shown."""
    if not found.id:
        return f"#{found.worker}: its question is answered"
    if found.state is Delivery.QUEUED:
        when = found.why or "the agent gets it when it can take it"
        return f"#{found.worker}: {found.id} is queued, not delivered yet; {when}"
    if found.state is Delivery.SENT:
        return f"#{found.worker}: {found.id} is sent, not confirmed yet; see it: orchestra show {found.worker}"
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
        yield f"#{row.worker.id} {row.shown.word}" + (f": {row.why}" if row.why else "")


def findings(found: Sequence[Finding], chosen: Sequence[str] = ()) -> Iterable[str]:
    """What the doctor found, each with its fix. `chosen`: what is fetched and pushed to, and why."""
    yield from (clean(one, 400) for one in chosen)
    if not found:
        yield "all is well"
    for one in found:
        colour = "red" if one.severity == "error" else "yellow"
        yield click.style(f"{one.id} {one.severity}", fg=colour) + f": {clean(one.what, 400)}"
        yield f"      {clean(one.fix, 400)}"


def trial_begins(trial: AgentTrial) -> Iterable[str]:
    """Which program the self-test tries, and how."""
    program = f"{clean(trial.command, 200)} {clean(trial.version, 40)}"
    yield f"{program}: tried in a throw-away directory with a scripted model; it costs no tokens"


def trial_result(found: CheckResult) -> Iterable[str]:
    """One result of the self-test; what did not hold, with the screen."""
    word, colour = {True: ("holds", "green"), False: ("broken", "red"), None: ("not tried", "yellow")}[found.holds]
    yield click.style(f"{word:<9}", fg=colour) + f"  {found.name:<10}  {clean(found.said, 400)}"
    for line in found.screen.split("\n") if found.screen else ():
        yield f"{'':<23}| {clean_lines(line, 200)}".rstrip()


def trial_ends(trial: AgentTrial, results: Sequence[CheckResult]) -> Iterable[str]:
    """How many things hold, and which versions are tested with each release."""
    held = sum(one.holds is True for one in results)
    yield f"{held} of {len(results)} hold; every release of orchestra is tested with {', '.join(trial.tested)}"


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
    for left in found.remote:
        there = f"{clean(left.branch, 100)} on {clean(left.remote, 60)}"
        if left.deleted:
            yield f"#{left.id} deleted: {there}"
        elif left.why:
            yield f"#{left.id} not deleted: {there}: {clean(left.why, 200)}"
        elif dry_run:
            yield f"#{left.id} merged, and still there: {there}; `orchestra prune --remote` deletes it, too"
        else:
            branch = shlex.quote(clean(left.branch, 100))
            yield f"#{left.id} merged, and still there: {there}; `git push {clean(left.remote, 60)} --delete {branch}`"
    if not found.removed and not found.kept:
        yield "nothing to prune"
