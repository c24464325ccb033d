"""The one word for what a worker does or needs, and what goes with it: mark, colour role, reason, since when.

Derived from the session file and from what was just observed; stored nowhere. Bar, borders, windows, list, board,
show, popups, notifications and `--json` all take it from here. Pure; standard library only: hooks import it.
"""

from __future__ import annotations

from orchestra.core import attention, backlog, start_hold
from orchestra.core.attention import ObservedWorker
from orchestra.core.enums import StrEnum
from orchestra.core.models import LEFT, ActivityState, Attention, Escalation, Gate, Status, Worker
from orchestra.core.prose import asking
from orchestra.core.records import Record
from orchestra.core.text import clean, seconds_of
from orchestra.core.verdict import Outcome, Topic, Verdict, facts_of, merged_sentence, verdict

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from orchestra.core.models import Activity, Pane
    from orchestra.core.start_hold import StartHold

    Panes = Mapping[tuple[str, str], Pane]  # by worker and nonce


class Role(StrEnum):
    """What a colour means; which colour that is, the terminal's palette and the theme decide."""

    ALARM = "alarm"
    WARNING = "warning"
    GOOD = "good"
    PLAIN = "plain"
    MUTED = "muted"
    ACCENT = "accent"


class State(StrEnum):
    """Every state, the most urgent first. The first seven need the user."""

    PERMISSION = "permission"
    PLAN = "plan"
    QUESTION = "question"
    STUCK = "stuck"
    LOGIN = "login"
    CONFLICT = "conflict"
    LIMIT = "limit"
    SILENT = "silent"
    UNKNOWN = "unknown"
    READY = "ready"
    WORKING = "working"
    PLANNING = "planning"
    STARTING = "starting"
    SETTING_UP = "setting up"
    WAITING = "waiting"
    RESTING = "resting"
    PAUSED = "paused"
    CLOSED = "closed"
    MERGED = "merged"
    CANCELLED = "cancelled"


NEEDS_YOU = frozenset(
    {State.PERMISSION, State.PLAN, State.QUESTION, State.STUCK, State.LOGIN, State.CONFLICT, State.LIMIT}
)
OVER = frozenset({State.MERGED, State.CLOSED, State.CANCELLED})
_ROLES: Mapping[State, Role] = {
    **dict.fromkeys(NEEDS_YOU, Role.ALARM),
    **dict.fromkeys((State.SILENT, State.UNKNOWN), Role.WARNING),
    State.READY: Role.GOOD,
    **dict.fromkeys((State.WORKING, State.PLANNING, State.STARTING, State.SETTING_UP), Role.PLAIN),
    **dict.fromkeys((State.WAITING, State.RESTING, State.PAUSED), Role.MUTED),
    **dict.fromkeys(OVER, Role.MUTED),
}
_MARKS: Mapping[State, str] = {
    **dict.fromkeys(NEEDS_YOU, "\u25cf"),
    **dict.fromkeys((State.SILENT, State.UNKNOWN), "?"),
    State.READY: "\u2714",
    **dict.fromkeys((State.WORKING, State.PLANNING, State.STARTING, State.SETTING_UP), "\u25b8"),
    State.WAITING: "\u25cc",
    **dict.fromkeys((State.RESTING, State.PAUSED), "\u00b7"),
    **dict.fromkeys(OVER, "\u00b7"),
}
_ORDER = {state: place for place, state in enumerate(State)}
_GATES = {Gate.PERMISSION: State.PERMISSION, Gate.PLAN: State.PLAN, Gate.STUCK: State.STUCK}
_USERS = {  # what the user must do about a pull request on GitHub
    Topic.APPROVAL: State.PERMISSION,
    Topic.REVIEW: State.QUESTION,
    Topic.DRAFT: State.QUESTION,
    Topic.BEHIND: State.CONFLICT,
    Topic.CONFLICT: State.CONFLICT,
}
_WAITS = {  # and whose turn it is else; what the agent is about to do is not waited for
    Topic.CHECKS: "CI",
    Topic.REVIEW: "review",
    Topic.QUEUE: "the queue",
    Topic.MERGE: "the merge",
    Topic.MERGEABILITY: "GitHub",
    Topic.GITHUB: "GitHub",
    Topic.BEHIND: "GitHub",
    Topic.SHIP: "GitHub",
}
_LOGIN = frozenset({"authentication_failed", "oauth_org_not_allowed", "login", "onboarding"})
REASON = 160  # columns of what a message asks
_QUIET_SECONDS = 60.0  # an agent heard of this lately is known to work, whether tmux answers or not


class Shown(Record):
    """A worker's state as it is shown: `word` alone names it, `reason` is one clean line, `since` epoch seconds."""

    state: State
    word: str
    reason: str = ""
    since: float = 0.0

    @property
    def mark(self) -> str:
        """The mark beside the word wherever it has a colour."""
        return _MARKS[self.state]

    @property
    def role(self) -> Role:
        """What the colour means."""
        return _ROLES[self.state]

    @property
    def needs_you(self) -> bool:
        """Whether the user must act before the worker goes on."""
        return self.state in NEEDS_YOU

    @property
    def urgency(self) -> tuple[int, float]:
        """A sort key: the most urgent state first, of equals the one that has waited longest."""
        return _ORDER[self.state], self.since


def mark(state: State) -> str:
    """The mark of a state."""
    return _MARKS[state]


def role(state: State) -> Role:
    """The colour role of a state."""
    return _ROLES[state]


def shown(seen: ObservedWorker, now: float, silent: float) -> Shown:
    """The state of one worker. `now` in epoch seconds, `silent` seconds without a sign of life."""
    kind = attention.attention(seen, now, silent)
    found = (
        _needed(seen, kind, now) or _silent(seen, kind) or _settled(seen) or _pull_state(seen, now) or _agent(seen, now)
    )
    since = found.since or seconds_of(seen.worker.status_since) or now
    return found._replace(since=since, word=found.word or found.state.value, reason=clean(found.reason))


def _needed(seen: ObservedWorker, kind: Attention | None, now: float) -> Shown | None:
    """What the user must act on, or None."""
    worker, doing = seen.worker, attention.activity(seen)
    if kind is Attention.BLOCKED:
        return _asked(worker.dialogs[0], doing.since) if worker.dialogs else _on(State.PERMISSION, doing)
    if kind is Attention.STUCK:
        if worker.escalation is not None and worker.status is Status.STUCK:
            return _asked(worker.escalation, worker.status_since)
        if worker.held and worker.status is Status.PAUSED:
            return Shown(State.STUCK, "", worker.held)
        if (found := _pull_state(seen, now)) is not None:
            return found
        return _prose(doing) if worker.status is not Status.STUCK else Shown(State.STUCK, "", worker.stuck_reason or "")
    if kind is Attention.CRASHED:
        return Shown(State.STUCK, "", attention.reason(seen, kind))
    if kind is Attention.LIMITED:
        named = worker.limit.kind if worker.limit else ""
        return _on(State.LOGIN if named in _LOGIN else State.LIMIT, doing)
    return None


def _prose(doing: Activity) -> Shown:
    """The end of a turn with the work not shipped: the agent's last words, which are a question or are not."""
    said = clean(doing.detail, 5000)
    if asked := clean(asking(doing.detail), 5000):
        whole = _last_sentences(said) if len(asked) <= REASON else asked[: REASON - 1] + "\u2026"
        return _on(State.QUESTION, doing._replace(detail=whole))
    return _on(State.STUCK, doing._replace(detail="ended its turn without shipping" + (f": {said}" if said else "")))


def _last_sentences(text: str, columns: int = REASON) -> str:
    """The end of `text` from the begin of a sentence on, so that a question is seen whole where it fits."""
    if len(text) <= columns:
        return text
    begins = [
        place + 2
        for place in range(len(text) - columns, len(text) - 2)
        if text[place : place + 2] in (". ", "? ", "! ", ": ")
    ]
    return text[begins[0] :] if begins else "\u2026" + text[1 - columns :]


def _asked(question: Escalation, since: str) -> Shown:
    state = _GATES.get(question.gate, State.QUESTION)
    if state is State.STUCK and question.options:
        state = State.QUESTION  # something to choose from is a question, by whatever gate it was asked
    return Shown(state, "", question.summary, seconds_of(question.asked_at or since) or 0.0)


def _on(state: State, doing: Activity) -> Shown:
    return Shown(state, "", doing.detail, seconds_of(doing.since) or 0.0)


def _silent(seen: ObservedWorker, kind: Attention | None) -> Shown | None:
    if kind is Attention.SILENT:
        return Shown(State.SILENT, "", "no sign of life from its agent", attention.last_sign(seen))
    if kind is Attention.UNKNOWN:
        return Shown(State.UNKNOWN, "", attention.reason(seen, kind), _since(seen.worker.activity))
    return None


def _settled(seen: ObservedWorker) -> Shown | None:
    """What needs no look at the agent: finished, paused, queued."""
    status = seen.worker.status
    if status is Status.QUEUED:
        return _queued(seen)
    word = {
        Status.MERGED: State.MERGED,
        Status.CANCELLED: State.CANCELLED,
        Status.PAUSED: State.PAUSED,
    }.get(status)
    pull = seen.worker.pull
    why = merged_sentence(pull) if word is State.MERGED and pull is not None and (pull.into or pull.by_hand) else ""
    return Shown(word, "", why) if word is not None else None


def _queued(seen: ObservedWorker) -> Shown:
    if seen.worker.on_hold:
        return Shown(State.WAITING, "on hold", seen.queued)
    first = backlog.label(seen.waits[0]) if seen.waits else seen.held or "a free place"
    return Shown(State.WAITING, f"waiting for {first}", seen.queued)


def _pull_state(seen: ObservedWorker, now: float) -> Shown | None:
    """Whose turn an open pull request is, by its verdict; None while it is the worker's own."""
    worker = seen.worker
    if worker.status not in (Status.SHIPPING, Status.COMPLETE):
        return None
    if worker.pull is None:
        if worker.status is Status.COMPLETE:
            return Shown(State.READY, "", "its change is ready to review")
        return Shown(State.WAITING, "waiting for GitHub", "its pull request has not been seen yet")
    found = verdict(facts_of(worker, heard=seen.heard), now)
    return _of_verdict(found, seconds_of(found.since) or 0.0)


def _of_verdict(found: Verdict, since: float) -> Shown | None:
    """A verdict in the words of a state; None where the agent's own activity says it better."""
    outcome, why = found.outcome, found.sentence
    if outcome is Outcome.READY or (outcome is Outcome.UNKNOWN and found.last is Outcome.READY):
        return Shown(State.READY, "", why)  # one that was ready can be reviewed; the sentence says how old that is
    if outcome is Outcome.UNKNOWN:
        return Shown(State.UNKNOWN, "", why, since)
    if outcome is Outcome.CLOSED:
        return Shown(State.CLOSED, "", why, since)
    if outcome is Outcome.MERGED:
        return Shown(State.MERGED, "", why, since)
    if outcome is Outcome.USER:
        return Shown(_USERS.get(found.topic, State.STUCK), "", why, since)
    if outcome is Outcome.WAITING and found.topic in _WAITS:
        return Shown(State.WAITING, f"waiting for {_WAITS[found.topic]}", why, since)
    return None


def _agent(seen: ObservedWorker, now: float) -> Shown:
    """What the agent does, as far as that is known."""
    worker, doing = seen.worker, attention.activity(seen)
    if doing.state is ActivityState.ENDED and doing.detail == LEFT:
        return Shown(State.RESTING, "", f"you ended its agent; orchestra spawn {worker.id} goes on", _since(doing))
    if seen.open is False:
        return Shown(State.RESTING, "", "the workspace is closed")
    if seen.open is None and now - attention.last_sign(seen) > _QUIET_SECONDS:
        return Shown(State.UNKNOWN, "", "tmux does not answer", attention.last_sign(seen))
    if worker.status is Status.REGISTERED and doing.source != "worker run":
        return Shown(State.SETTING_UP, "")
    if doing.state is ActivityState.STARTING or worker.status is Status.REGISTERED:
        return Shown(State.STARTING, "", "", _since(doing))
    if doing.state is ActivityState.WAITING and doing.background:
        name = doing.background.partition(":")[0]  # `its shell`, of `its shell: npm run dev`
        return Shown(State.WAITING, f"waiting for {name}", doing.background, _since(doing))
    if doing.state is ActivityState.BUSY and doing.retrying:
        return Shown(State.WAITING, "waiting for the API", f"{doing.retrying}; its agent tries again", _since(doing))
    return Shown(State.PLANNING if worker.status is Status.PLANNING else State.WORKING, "", doing.detail)


def _since(doing: Activity) -> float:
    return seconds_of(doing.since) or 0.0


def states(
    workers: Iterable[Worker],
    panes: Panes,
    is_open: bool | None,
    heartbeat: Callable[[str], float | None],
    now: float,
    silent: float,
    heard: str = "",
    holds: Iterable[StartHold] = (),
    awake: float = 0.0,
) -> list[tuple[ObservedWorker, Shown]]:
    """Each worker with what was observed of it and its state, the most urgent first, of equals the oldest.

    `heard`: when GitHub last answered, as a stamp. `holds`: what keeps workers from starting. `awake`: since when the
    machine runs without a pause.
    """
    known = {worker.id: worker for worker in workers}
    found = []
    for worker in known.values():
        pane = panes.get((worker.id, worker.nonce))  # a pane of an earlier worker of the same number is not its own
        seen = ObservedWorker(worker, pane, is_open, heartbeat(worker.id), heard=heard, awake=awake)
        if worker.status is Status.QUEUED:
            waits = tuple(one.number for one in backlog.waits_for(worker, known))
            hold = start_hold.of_agent(holds, worker.agent)
            held = hold.sentence(now) if hold else ""
            seen = seen._replace(
                waits=waits, queued=backlog.reason(worker, known, held), held=hold.what if hold else ""
            )
        found.append((seen, shown(seen, now, silent)))
    return sorted(found, key=lambda item: item[1].urgency)
