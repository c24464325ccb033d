"""One constructor for each kind of event: what a journal can hold, with its facts as typed parameters.

`by` says who: a command, a hook, the monitor. The time is set by the store when it writes the event. Readers outside
`core/lifecycle` use the accessors at the end and not the keys of `data`. Standard library only: the hook imports this.
"""

from __future__ import annotations

from orchestra.core import serialization
from orchestra.core.models import Event, Size
from orchestra.core.pull_json import pull_from_json, pull_json
from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Literal

    from orchestra.core.budget import Budget
    from orchestra.core.models import AnswerChannel, Escalation, Worker
    from orchestra.core.pull_request import Pull

    Kind = Literal[
        "spawned", "adopted", "started", "accepted", "turn-ended", "blocked", "unblocked", "answered", "limited",
        "idle", "unclear", "retrying", "ended", "moved", "version", "pull", "issue", "landed", "dispatched",
        "blockers", "queue-moved", "queue-held", "queue-released", "stacked", "budgeted", "launched", "failed",
        "relocated", "renamed", "paused", "resumed", "cancelled", "reported", "escalated", "verified", "attempted",
        "shipped", "told", "approved", "sent", "unconfirmed", "delivered", "noted",
    ]  # fmt: skip
    AgentKind = Literal[
        "started", "accepted", "turn-ended", "blocked", "unblocked", "limited", "unclear", "ended", "moved"
    ]  # what an agent's hooks can tell
    Attempt = Literal["verify", "ci", "review", "restart"]
    FactKey = Literal[
        "answers", "behavior", "detail", "from", "gate", "how", "nonce", "plan", "reason", "request", "said", "source",
        "status", "summary", "tail", "text", "transcript", "url", "what", "why",
    ]  # fmt: skip
    FlagKey = Literal["local", "passed", "queued"]
    FactListKey = Literal["answers", "options"]


class AtLimit(Record):
    """What the user is asked when an attempt has failed the same way `limit` times."""

    limit: int
    summary: str
    context: str = ""


class Failure(Record):
    """How something failed: the same signature again is not progress."""

    signature: str
    at_limit: AtLimit | None = None


def _event(kind: Kind, by: str, /, **facts: object) -> Event:
    return Event(kind, "", by, facts)


def _failure(failure: Failure) -> dict[str, object]:
    asked = failure.at_limit
    return {"signature": failure.signature, **({"atLimit": asked._asdict()} if asked else {})}


def _question(asked: Escalation) -> dict[str, object]:
    facts = {"gate": asked.gate.value, "summary": asked.summary, "context": asked.context}
    return {**facts, "options": list(asked.options), "request": asked.request}


# --- a worker's claim, launch and end ---


def spawned(by: str, claim: Worker, *, queued: bool) -> Event:
    """A number is claimed: who works on what, where; `queued` when it must wait for its start."""
    return _event(
        "spawned",
        by,
        queued=queued,
        id=claim.id,
        title=claim.title,
        url=claim.url,
        author=claim.author,
        branch=claim.branch,
        base=claim.base,
        baseCommit=claim.base_commit,
        **({"staleBase": claim.stale_base} if claim.stale_base else {}),
        worktreePath=claim.worktree,
        agent=claim.agent,
        agentSession=claim.agent_session,
        nonce=claim.nonce,
        after=list(claim.after),
        blockedBy=list(claim.blocked_by),
        labels=list(claim.labels),
        ignoresBlockers=claim.ignores_blockers,
        parent=claim.parent,
        trusted=claim.trusted,
        budget=serialization.budget_json(claim.budget),
        **{key: value for key, value in (("model", claim.model), ("planMode", claim.plan_mode)) if value},
    )


def adopted(by: str, snapshot: Worker) -> Event:
    """The journal was lost: it begins again with the snapshot."""
    return _event("adopted", by, snapshot=serialization.to_json(snapshot))


def dispatched(by: str, base_commit: str, stale_base: str = "") -> Event:
    """A queued worker may start, from `base_commit`; `stale_base`: why that may be old."""
    return _event("dispatched", by, baseCommit=base_commit, **({"staleBase": stale_base} if stale_base else {}))


def stacked(by: str, parent: str, base: str, base_commit: str) -> Event:
    """What a worker builds on: the worker `parent` (empty: none any more), the branch `base`, from `base_commit`."""
    return _event("stacked", by, parent=parent, base=base, baseCommit=base_commit)


def blockers(by: str, after: Iterable[str], blocked_by: Iterable[str]) -> Event:
    """What a queued worker waits for, as the tracker says now."""
    return _event("blockers", by, after=list(after), blockedBy=list(blocked_by))


def queue_moved(by: str, order: int) -> Event:
    """The user gave a queued worker another place."""
    return _event("queue-moved", by, order=order)


def queue_held(by: str) -> Event:
    """The user keeps a worker in the queue."""
    return _event("queue-held", by)


def queue_released(by: str) -> Event:
    """The user lets it start again when its turn comes."""
    return _event("queue-released", by)


def launched(by: str, session: str = "") -> Event:
    """A pane was opened for the agent; `session` is its conversation, if it begins a new one."""
    return _event("launched", by, session=session)


def failed(by: str, reason: str, context: str = "") -> Event:
    """A step of a launch failed, or restarting did not help: the user is asked."""
    return _event("failed", by, reason=reason, context=context)


def relocated(by: str, worktree: str) -> Event:
    """The worker's worktree is at another place, with the repository that moved."""
    return _event("relocated", by, worktreePath=worktree)


def renamed(by: str, branch: str) -> Event:
    """Its branch has another name from now on."""
    return _event("renamed", by, branch=branch)


def budgeted(by: str, budget: Budget, beyond: str = "") -> Event:
    """What a worker may use from now on; on the date `beyond` the project's budget of the day does not stop it."""
    return _event("budgeted", by, budget=serialization.budget_json(budget), beyond=beyond)


def paused(by: str, reason: str = "", until: str = "") -> Event:
    """The worker rests; `reason` when it was not the user who said so; it goes on by itself at `until`, a stamp."""
    return _event("paused", by, reason=reason, until=until)


def resumed(by: str) -> Event:
    """A paused worker goes on."""
    return _event("resumed", by)


def cancelled(by: str) -> Event:
    """The user gave the work up."""
    return _event("cancelled", by)


# --- what the worker declares ---


def reported(by: str, status: str, plan: str = "") -> Event:
    """The worker says that it plans or works; `plan` is the path of its plan."""
    return _event("reported", by, status=status, plan=plan)


def escalated(by: str, asked: Escalation) -> Event:
    """A question to the user that stops the worker."""
    return _event("escalated", by, tried=list(asked.tried), need=asked.need, **_question(asked))


def verified(by: str, failure: Failure, *, passed: bool, status: int = 0, tail: str = "") -> Event:
    """The project's `verify` ran; `failure` counts only when it did not pass."""
    return _event("verified", by, passed=passed, status=status, tail=tail, **_failure(failure))


def attempt_failed(by: str, what: Attempt, failure: Failure, *, head: str = "", why: str = "") -> Event:
    """Something failed once more; `head` is the commit whose CI failed."""
    return _event("attempted", by, what=what, head=head, why=why, **_failure(failure))


def attempt_passed(by: str, what: Attempt) -> Event:
    """It works again: its failures are forgotten."""
    return _event("attempted", by, what=what, passed=True)


def shipped(by: str, pull: Pull, url: str, size: Size | None = None) -> Event:
    """The branch is pushed and the pull request open."""
    return _event("shipped", by, url=url, pullRequest=pull_json(pull), local=False, **_size(size))


def shipped_locally(by: str, review: str, size: Size | None = None) -> Event:
    """The branch is ready; `review` is the command that shows its diff."""
    return _event("shipped", by, local=True, review=review, **_size(size))


def _size(size: Size | None) -> dict[str, object]:
    return {"size": size._asdict()} if size else {}


# --- what the user and the monitor say ---


def told(
    by: str, text: str, *, sender: str, answers: str = "", how: AnswerChannel | None = None, about: Iterable[str] = (),
    reopen: bool = False, review: Failure | None = None,
) -> Event:  # fmt: skip
    """Guidance. It answers the open escalation of the request `answers`; `about` are the ids of what it tells of."""
    facts: dict[str, object] = {"text": text, "from": sender}
    facts |= {"answers": answers} if answers else {}
    facts |= {"how": how.value} if how else {}
    facts |= {"about": list(about), "reopen": reopen} if about else {}
    facts |= {"review": _failure(review)} if review else {}
    return Event("told", "", by, facts)


def approved(by: str, request: str, how: AnswerChannel, summary: str = "") -> Event:
    """The user approves what the open escalation asks."""
    return _event("approved", by, request=request, how=how.value, summary=summary)


def answered(
    by: str, request: str, behavior: str, how: AnswerChannel, *, text: str = "", answers: Iterable[str] = (),
    summary: str = "", always: bool = False,
) -> Event:  # fmt: skip
    """A dialog of the agent is answered from elsewhere: `behavior` is `allow` or `deny`; `always`: its rule, too."""
    facts = {"behavior": behavior, "text": text, "answers": list(answers), "how": how.value, "summary": summary}
    return _event("answered", by, request=request, **facts, **({"always": True} if always else {}))


def sent(by: str, guidance: Iterable[str], *, goes_on: bool = False) -> Event:
    """Guidance was pasted, or handed over by a hook, which may keep the agent from ending its turn: `goes_on`."""
    return _event("sent", by, guidance=list(guidance), goesOn=goes_on)


def unconfirmed(by: str, guidance: Iterable[str], asked: Escalation) -> Event:
    """Guidance was sent, and nothing shows that the agent got it: the user is asked."""
    return _event("unconfirmed", by, guidance=list(guidance), need=asked.need, **_question(asked))


def delivered(by: str, guidance: Iterable[str]) -> Event:
    """The agent has these pieces of guidance."""
    return _event("delivered", by, guidance=list(guidance))


def moved(by: str, where: str) -> Event:
    """The agent's conversation goes on at another place than its pane and its worktree; empty: it is back."""
    return _event("moved", by, where=where)


def version_seen(by: str, version: str) -> Event:
    """Which version of its program the agent runs."""
    return _event("version", by, version=version)


def noted(by: str, text: str, plan: str = "") -> Event:
    """A line for the journal alone."""
    return _event("noted", by, text=text, plan=plan)


# --- what the agent does ---


def from_agent(kind: AgentKind, by: str, facts: Mapping[str, Any]) -> Event:
    """What an agent's own hook tells; its module in `agents/` says which facts."""
    return Event(kind, "", by, facts)


def accepted(by: str, guidance: Iterable[str]) -> Event:
    """The agent took a prompt that holds these pieces of guidance."""
    return _event("accepted", by, guidance=list(guidance))


def blocked(by: str, asked: Escalation) -> Event:
    """A dialog that keeps the agent from going on, seen on its screen."""
    return _event("blocked", by, questions=[dict(one) for one in asked.questions], **_question(asked))


def unclear(by: str, reason: str, context: str) -> Event:
    """Its screen shows something that is not understood: what the agent does is not known. `context`: the screen."""
    return _event("unclear", by, reason=reason, context=context)


def retrying(by: str, what: str) -> Event:
    """Its program asks its API again and again, for this reason; empty: it was answered."""
    return _event("retrying", by, what=what)


def unblocked(by: str, request: str) -> Event:
    """The dialog `request` is gone from the screen."""
    return _event("unblocked", by, request=request)


def limited(by: str, kind: str, detail: str, fix: str) -> Event:
    """The agent cannot reach its model: a limit, a login, a failure of the service. `fix` says what to do."""
    return _event("limited", by, kind=kind, detail=detail, mend=fix)


def idle(by: str) -> Event:
    """The agent waits at its empty prompt."""
    return _event("idle", by)


def ended(by: str, reason: str) -> Event:
    """The agent's process is gone."""
    return _event("ended", by, reason=reason)


# --- what GitHub or git says ---


def issue_seen(by: str, note: str) -> Event:
    """What became of its issue, in a sentence; empty: it is open again."""
    return _event("issue", by, text=note)


def pull_seen(by: str, pull: Pull, url: str, *, base: str = "", green: Iterable[str] = ()) -> Event:
    """The pull request as GitHub has it now; `green` are the names of its checks when all of them have passed."""
    return _event("pull", by, pullRequest=pull_json(pull), url=url, base=base, greenChecks=list(green))


def landed(by: str) -> Event:
    """The base branch holds the work."""
    return _event("landed", by)


# --- accessors: an event's facts for those who show them ---


def fact(event: Event, key: FactKey) -> str:
    """A fact as text; empty when the event has none."""
    value = event.data.get(key)
    return "" if value is None else str(value)


def facts(event: Event, key: FactListKey) -> tuple[str, ...]:
    """A list of texts among the facts; empty when the event has none."""
    value = event.data.get(key)
    return tuple(map(str, value)) if isinstance(value, list) else ()


def size_of(event: Event) -> Size | None:
    """How much was shipped; None where the event does not say."""
    found = event.data.get("size")
    if not isinstance(found, dict):
        return None
    counts = [found.get(name) for name in Size._fields]
    return Size(*(count if type(count) is int and count >= 0 else 0 for count in counts))


def has_review(event: Event) -> bool:
    """Whether a worker was told of a review."""
    return event.kind == "told" and isinstance(event.data.get("review"), dict)


def budget_of(event: Event) -> Mapping[str, float]:
    """The limits among the facts, by name."""
    found = event.data.get("budget")
    return {str(name): most for name, most in found.items()} if isinstance(found, dict) else {}


def flag(event: Event, key: FlagKey) -> bool:
    """A fact that is so or is not."""
    return bool(event.data.get(key))


def pull_of(event: Event) -> Pull | None:
    """The pull request that an event tells of; None when it tells of none."""
    return pull_from_json(event.data.get("pullRequest"))


def every_fact(event: Event) -> Iterable[tuple[str, Any]]:
    """All facts, for a log."""
    return event.data.items()
