"""`orchestra show ID`: one worker in full, in sections; what has nothing to say is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestra.core import budget, radar
from orchestra.core.attention import activity
from orchestra.core.budget import Budget, Spent
from orchestra.core.dialogs import open_questions
from orchestra.core.models import LEFT, Delivery, Escalation, Guidance, Status, Worker
from orchestra.core.records import Record
from orchestra.core.state import Role
from orchestra.core.text import age, clean, clean_lines, seconds_of
from orchestra.ui.happened import Happened, history
from orchestra.ui.paint import Paint
from orchestra.ui.worker_table import answer_command, asked_command, fold, need_lines
from orchestra.workers import receipts, token_usage
from orchestra.workers.figures import Figures
from orchestra.workers.overview import WorkerRow

if TYPE_CHECKING:
    from orchestra.commands.show import WorkerReport

LAST = 10  # things that happened
LABEL = 11  # columns of a line's label


class Line(Record):
    """A line of a page: a label (may be empty), its text, and what its colour means. A heading has no text."""

    label: str
    text: str = ""
    role: Role = Role.PLAIN

    @property
    def is_heading(self) -> bool:
        """Whether a section begins here."""
        return bool(self.label) and not self.text


class Facts(Record):
    """What was looked up about one worker beside its row: files changed, and what happened, the newest last."""

    happened: Sequence[Happened] = ()
    files: Sequence[str] = ()
    place: Sequence[tuple[str, str]] = ()
    removed: bool = False
    receipt: Figures | None = None


def of_report(found: WorkerReport, paint: Paint, now: float) -> Iterator[str]:
    """What `orchestra show` prints."""
    own = [("address", found.address)] if found.address else []
    own += [("env", f"{name}={value}") for name, value in found.variables.items()]
    own += [("apart", line) for line in found.apart]
    facts = Facts(history(found.journal), found.files, own, removed=found.removed, receipt=found.receipt)
    return page(found.row, facts, paint, now)


def page(row: WorkerRow, facts: Facts, paint: Paint, now: float) -> Iterator[str]:
    """The page as printed."""
    worker = row.worker
    title = f"#{worker.id} {clean(worker.title)}"
    yield from (paint.bold(line) for line in fold(title, paint.columns, "   "))
    yield paint.state(row.shown) + f" {age(row.state_age)}" + (" (removed by prune)" if facts.removed else "")
    for line in sections(row, facts, now, (("place", place(row, facts)),)):
        if line.is_heading:
            yield ""
            yield paint.bold(line.label)
        else:
            label = f"  {line.label:<{LABEL}}" if line.label else "  "
            for text in fold(line.text, max(20, paint.columns - len(label))):
                yield paint.role(paint.look.text(label + text), line.role)
                label = " " * len(label)


def sections(
    row: WorkerRow, facts: Facts, now: float, more: Iterable[tuple[str, Iterable[Line]]] = ()
) -> Iterator[Line]:
    """Every section that has something to say, in the order of what matters; `more` comes before what happened."""
    found = (
        ("needs you", needs(row)),
        ("pull request", pull_request(row, now)),
        ("work", work(row, facts, now)),
        ("agent", agent(row, now)),
        ("receipt", receipt(facts)),
        *more,
        ("what happened", happened(facts, now)),
    )
    if row.warning:
        yield Line("", f"! {row.warning}", Role.ALARM)
    for name, lines in found:
        listed = list(lines)
        if listed:
            yield Line(name)
            yield from listed


def needs(row: WorkerRow) -> Iterator[Line]:
    """What the worker asks, and the command that answers."""
    asks = open_questions(row.worker)
    for asked in asks:
        yield from question(asked)
        yield Line("answer", asked_command(row.worker.id, row.worker, asked), Role.ACCENT)
    if len(asks) > 1:
        number = row.worker.id
        yield Line("all", f'orchestra approve {number} --all   or orchestra deny {number} --all "why"', Role.ACCENT)
    if not asks and row.shown.needs_you:
        told = [*need_lines(row)]
        yield from (Line("", text) for text in told[:-1])
        yield Line("answer", answer_command(row), Role.ACCENT)


def question(asked: Escalation) -> Iterator[Line]:
    """One open question: summary, context, what was tried, options by number."""
    yield Line(asked.gate.value, clean(asked.summary, 400), Role.ALARM)
    yield from (Line("", line) for line in clean_lines(asked.context).splitlines())
    yield from (Line("tried", clean(tried, 400)) for tried in asked.tried)
    if len(asked.questions) > 1:
        for one in asked.questions:
            listed = (f"{at} {clean(str(option), 120)}" for at, option in enumerate(one.get("options") or (), 1))
            yield Line("", f"{clean(str(one.get('question')), 400)}  {'   '.join(listed)}")
    else:
        yield from (Line("", f"{place} {clean(option, 400)}") for place, option in enumerate(asked.options, 1))
    if asked.need:
        yield Line("needs", clean(asked.need, 400))


def pull_request(row: WorkerRow, now: float) -> Iterator[Line]:
    """The pull request: address, what it waits for, checks, review."""
    worker, pull = row.worker, row.worker.pull
    if worker.pull_url and pull is None:
        yield Line("address", clean(worker.pull_url, 300))
    if pull is None:
        return
    yield Line("address", f"#{pull.number} {clean(pull.state, 20)}  {clean(worker.pull_url or '', 300)}".rstrip())
    if row.shown.reason and not row.shown.needs_you:
        yield Line("state", f"{row.shown.word}: {row.shown.reason}")
    yield Line("checks", pull.checks.value)
    review = clean(pull.review_decision or "none", 40).lower().replace("_", " ")
    yield Line("review", review + (f"; {pull.unresolved} threads open" if pull.unresolved else ""))
    yield Line("mergeable", {None: "not known", True: "yes", False: "no"}[pull.mergeable])
    yield from (Line("note", clean(note, 400), Role.WARNING) for note in row.notes)
    seen = seconds_of(pull.observed_at)
    yield Line("seen", f"{age(now - seen)} ago" if seen else "when GitHub said so is not known")


def work(row: WorkerRow, facts: Facts, now: float) -> Iterator[Line]:
    """Branch, base and what has changed."""
    it, held = row.worker, row.changes
    if it.branch:
        yield Line("branch", f"{clean(it.branch, 100)} from {clean(it.base, 100)} ({clean(it.base_commit, 10)})")
        if it.stale_base:
            yield Line("", clean(it.stale_base, 200), Role.WARNING)
    if it.issue_note:
        yield Line("issue", clean(it.issue_note, 300), Role.WARNING)
    if held and held.files:
        yield Line("changes", f"{held.files} file{'' if held.files == 1 else 's'} +{held.insertions} -{held.deletions}")
    yield from (Line("", clean(name, 300)) for name in facts.files)
    for one in row.meets:
        yield Line("conflict" if one.conflict else "meets", clean(radar.sentence(one), 400), Role.WARNING)
    if it.plan:
        yield Line("plan", clean(it.plan, 300))
    yield from (guidance(words, now) for words in it.guidance[-LAST:])


def guidance(words: Guidance, now: float) -> Line:
    """What the worker was told, and how far that has come: what was sent and not confirmed, since when."""
    sent, state = seconds_of(words.sent_at), words.state.value
    if words.state in (Delivery.SENT, Delivery.UNCONFIRMED):
        state = "sent, not confirmed" + (f", {age(now - sent)}" if sent else "")
    return Line(clean(words.id, 10), f"{state}, from {clean(words.sender, 30)}: {clean(words.text, 400)}")


def agent(row: WorkerRow, now: float) -> Iterator[Line]:
    """The agent: what it does now, its conversation, its tokens."""
    it, doing = row.worker, activity(row.seen)
    if not it.agent:
        return
    if it.status is Status.QUEUED:
        yield Line(clean(it.agent, LABEL - 1), "not started yet")
        return
    since = seconds_of(doing.since)
    version = f" (version {clean(it.agent_version, 30)})" if it.agent_version else ""
    yield Line(clean(it.agent, LABEL - 1), doing.state.value + (f" for {age(now - since)}" if since else "") + version)
    if it.elsewhere:
        yield Line("", clean(it.elsewhere, 400))
    if doing.background:
        yield Line("", clean(f"waits for {doing.background}", 400))
    if doing.retrying:
        yield Line("", clean(f"{doing.retrying}; it tries again", 400))
    if doing.detail and doing.detail != "other":  # Claude Code's word for an end without a reason
        yield Line("", "you ended it" if doing.detail == LEFT else clean(doing.detail, 400))
    if it.agent_session:
        yield Line("talk", f"conversation {clean(it.agent_session, 64)}")
    if row.tokens:
        yield Line("tokens", token_usage.summary(row.tokens))
    if row.spent:
        yield from used(row.spent, row.budget)


def used(spent: Spent, limits: Budget) -> Iterator[Line]:
    """How much of its budget it has used."""
    names = [name for name, most in limits._asdict().items() if most]
    unknown = budget.unknown(spent, limits)
    if known := [name for name in names if name not in unknown]:
        over = budget.nearly_used_up(spent, limits)
        yield Line("budget", budget.figures(known, spent, limits), Role.WARNING if over else Role.PLAIN)
    for name in unknown:
        yield Line("", f"its agent does not tell its {name}: that limit cannot be held", Role.WARNING)


def receipt(facts: Facts) -> Iterator[Line]:
    """What the work has taken so far."""
    if facts.receipt is not None:
        yield Line("", ", ".join(receipts.parts(facts.receipt)))


def place(row: WorkerRow, facts: Facts) -> Iterator[Line]:
    """Where it works."""
    if row.worker.worktree and row.worker.status is not Status.QUEUED:  # it is made when the worker starts
        yield Line("worktree", clean(row.worker.worktree, 400))
    if row.worker.url:
        yield Line("issue", clean(row.worker.url, 300))
    yield from (Line(name, clean(text, 400)) for name, text in facts.place)


def happened(facts: Facts, now: float) -> Iterator[Line]:
    """The last things that happened, the newest first."""
    yield from (Line(_ago(one, now), one.words) for one in reversed(facts.happened[-LAST:]))


def _ago(one: Happened, now: float) -> str:
    at = seconds_of(one.at)
    return age(now - at) if at is not None else ""


def question_lines(worker: Worker) -> Iterable[Line]:
    """Every open question of a worker."""
    for asked in open_questions(worker):
        yield from question(asked)
