"""`orchestra-hook AGENT EVENT NONCE`: what agents and tmux call. Standard library only, bounded, always exits 0.

The payload comes on standard input as JSON. An agent's turn waits for this program, so it imports no edge but the
store, and whatever goes wrong ends in `orchestra.log` and not in the agent's conversation.
"""

from __future__ import annotations

import os
import select
import sys
import time

if __package__ in (None, ""):  # run by path, with -I -S: four milliseconds sooner than as a module
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from orchestra import agents
from orchestra.core import events, fast_json
from orchestra.core.dialogs import answered_in_pane, open_after
from orchestra.core.guidance import as_one_message, first_that_fit
from orchestra.core.models import ActivityState, Answer, Delivery, Event, Guidance, Worker
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.storage.files import read_text, remove_if_present, write_atomic
from orchestra.storage.session_store import Store

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from orchestra.agents.base import AgentHooks

MOST_PAYLOAD = 8 * 1024 * 1024
PAYLOAD_SECONDS = 2.0  # to read it: who holds the pipe open must not hold up a turn
STDIN = 0
GOES_ON = "plan:auto"  # among the words after the nonce: a plan that the agent made unasked needs no approval
AFTER = "after:"  # likewise: the permission mode to go on in after a plan
LOCK_WAIT = 3.0  # seconds; a hook may not hold up a turn
ORCHESTRATOR = "orchestrator:"  # in front of the agent's name


class Asked(Record):
    """A dialog that is open in the pane and may be answered from elsewhere."""

    agent: AgentHooks
    worker: Worker
    payload: Mapping[str, Any]
    mode: str  # to go on in after a plan


class Outcome(Record):
    """What a hook did: what to print, the store whose bar changed, and the dialog to wait for."""

    reply: Mapping[str, Any] | None = None
    store: Store | None = None
    asked: Asked | None = None


def main() -> None:
    """The entry point; never raises, never exits with anything but 0."""
    try:
        done = run(sys.argv[1:], os.environ)
        _say(done.reply)
        if done.store is not None:
            _push_behind(done.store)
        if done.store is not None and done.asked is not None:
            _wait(done.store, done.asked)
    except BaseException as wrong:  # noqa: BLE001 - the agent's turn must go on
        _complain(wrong)
    os._exit(0)  # skip the interpreter's clean-up: 2 to 3 ms, and nothing is left to flush


def _wait(store: Store, asked: Asked) -> None:
    from orchestra.hooks.permission_wait import wait

    # Import what the answer needs before the wait: an upgrade meanwhile may take this version's files away.
    asked.agent.decision(Answer("", "deny"), asked.payload, asked.mode)
    answer = wait(store, asked.worker)
    if answer is not None:
        _say(asked.agent.decision(answer, asked.payload, asked.mode))


def _say(answer: Mapping[str, Any] | None) -> None:
    if answer:
        sys.stdout.write(fast_json.dumps(answer) + "\n")
        sys.stdout.flush()


def _push_behind(store: Store) -> None:
    """Bring the bar up to date in a child: the agent's turn does not wait for tmux (two calls, some 10 ms)."""
    if os.fork() != 0:
        return
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):  # an open pipe would keep the agent waiting
            os.dup2(null, fd)
        from orchestra.workers import statusbar  # here, so that the turn does not wait for its import either

        statusbar.push_from_hook(store, os.environ)
    finally:
        os._exit(0)


def run(argv: list[str], environ: Mapping[str, str]) -> Outcome:
    """Record what the hook tells."""
    name, hook, nonce, *words = (*argv, "", "", "")
    home, project = environ.get("ORCHESTRA_HOME", ""), environ.get("ORCHESTRA_PROJECT", "")
    if not home or not project:
        return Outcome()
    store = Store(home, project, time.time, lock_wait=LOCK_WAIT)
    if name == "tmux":
        return Outcome(store=store if _pane_died(store, hook, nonce, environ) else None)
    payload = _payload()
    agent = agents.hooks_of(name.removeprefix(ORCHESTRATOR))
    if name.startswith(ORCHESTRATOR):
        return Outcome(_orchestrator(store, agent) if agent.is_prompt(hook) else None)
    number = environ.get("ORCHESTRA_WORKER", "")
    before = store.read(number)
    if before is None or before.nonce != nonce:  # an agent of an earlier worker of this number
        return Outcome()
    mode = next((word.removeprefix(AFTER) for word in words if word.startswith(AFTER)), "")
    if agent.asks(hook, payload):
        if GOES_ON in words and agent.is_plan(payload) and agent.plan_is_the_agents(payload):
            plan = agent.event_of(hook, payload)
            _note_plan(store, before, str(plan[1].get("context") or "") if plan else "")
            return Outcome(agent.decision(Answer("", "allow"), payload, mode), store)
        after = _record(store, before, agent, hook, payload)
        return Outcome(store=store, asked=Asked(agent, after, payload, mode))
    after = _record(store, before, agent, hook, payload)
    own = agent.is_whole(hook, payload) and not agent.is_foreign(hook, payload, after.agent_session)
    takes = own and agent.takes_words(hook, payload)
    return Outcome(_hand_over(store, after, agent, hook) if takes else None, store)


def _orchestrator(store: Store, agent: AgentHooks) -> Mapping[str, Any] | None:
    from orchestra.hooks import orchestrator_context

    changed = orchestrator_context.changes_since_last_prompt(store)
    return agent.prompt_context(changed) if changed else None


def _note_plan(store: Store, worker: Worker, plan: str) -> None:
    """With `plan: auto` the agent's own plan is approved as it comes; the journal keeps it."""
    store.record(worker.id, events.noted("hook:plan", "its plan goes on", plan))


def _payload() -> dict[str, Any]:
    """What the agent tells. What cannot be read, or is too long, counts as nothing said: the event still counts."""
    try:
        found = fast_json.loads(_given().decode("utf-8", "replace") or "{}")
    except (OSError, ValueError) as wrong:
        _complain(wrong)
        found = {}
    return found if isinstance(found, dict) else {}


def _given() -> bytes:
    """Standard input; of more than we want the rest is thrown away, so that nobody is stuck in writing it."""
    if os.isatty(STDIN):
        return b""
    given, size, end = [], 0, time.monotonic() + PAYLOAD_SECONDS
    pipe = select.poll()
    pipe.register(STDIN, select.POLLIN)
    while pipe.poll(max(0.0, end - time.monotonic()) * 1000):
        part = os.read(STDIN, 65536)
        if not part:
            break
        size += len(part)
        if size <= MOST_PAYLOAD:
            given.append(part)
    return b"".join(given)


def _record(store: Store, worker: Worker, agent: AgentHooks, hook: str, payload: dict[str, Any]) -> Worker:
    told = agent.event_of(hook, payload, store.now())
    if told is None:
        return worker
    kind, facts = told
    if kind not in ("blocked", "unblocked") and agent.is_foreign(hook, payload, worker.agent_session):
        return worker  # a dialog of another conversation may hold up the worker; what else it does is not the worker's
    if not _dialog(store, worker, kind, facts):
        return worker
    if kind == "turn-ended":
        facts["guidance"] = _proven(agent, worker)
    happened = events.from_agent(kind, f"hook:{hook}", facts)
    return store.decide(worker.id, lambda now: answered_in_pane(now, happened)).worker or worker


def _proven(agent: AgentHooks, worker: Worker) -> list[str]:
    """What was sent and, by the agent's transcript, given to the model by now."""
    sent = [words.id for words in worker.guidance if words.state is Delivery.SENT]
    return sorted(agent.accepted_in(worker.transcript, 0, sent)) if sent and worker.transcript else []


def _dialog(store: Store, worker: Worker, kind: str, facts: Mapping[str, Any]) -> bool:
    """Keep the file `blocked` while a dialog is open; False for a tool that ended while another one's dialog is open.

    The agent's `sh` looks for this file after each tool: without it no Python starts.
    """
    path, request = store.file(worker.id, "blocked"), str(facts.get("request", ""))
    if kind == "blocked":
        if not request and worker.activity.state is ActivityState.BLOCKED:
            return False  # a notification, seconds after the dialog's own hook: it knows less
        _note(path, request)
    elif kind == "unblocked":
        others = [one.request for one in worker.dialogs if one.request != request]
        try:
            asked = read_text(path)
        except OSError:
            return worker.activity.state is ActivityState.BLOCKED
        if asked and asked != request and len(others) == len(worker.dialogs):
            return False
        remove_if_present(path)
        if others:
            _note(path, others[-1])
    elif kind in ("accepted", "turn-ended", "limited", "ended"):
        ends = kind in ("limited", "ended")
        if ends or not open_after(worker, Event(kind, "", "", facts)):
            remove_if_present(path)
    return True


def _note(path: str, request: str) -> None:
    """Without this file the end of a dialog is seen later, by the heartbeat: no reason not to record its begin."""
    try:
        write_atomic(path, request)
    except OSError as wrong:
        _complain(wrong)


def _hand_over(store: Store, worker: Worker, agent: AgentHooks, hook: str) -> Mapping[str, Any] | None:
    """Give queued guidance to a busy agent without a key: after a tool, or instead of ending its turn.

    The user's own words are not handed over at the end of a turn: there the model is told that they are a hook's and
    not the user's. They are pasted as soon as the agent waits, and so is what is too long for a hook.
    """
    given: list[Guidance] = []
    waiting: list[Guidance] = []
    ends = agent.ends_turn(hook)

    def take(current: Worker | None) -> Event | None:
        queued = [g for g in (current.guidance if current else ()) if g.state is Delivery.QUEUED]
        if ends and any(words.sender == "human" for words in queued):
            return None
        given.extend(first_that_fit(queued, agent.MOST_WORDS))
        waiting.extend(queued[len(given) :])
        ids = [words.id for words in given]
        return events.sent(f"hook:{hook}", ids, goes_on=ends) if given else None

    remove_if_present(store.file(worker.id, "mailbox"))  # before looking: what comes from now on says so anew
    refused = store.decide(worker.id, take).refused
    if given and waiting:  # for the next hook
        _note(store.file(worker.id, "mailbox"), "")
    return None if refused or not given else agent.hand_over(hook, as_one_message(given))


def _pane_died(store: Store, event: str, pane: str, environ: Mapping[str, str]) -> bool:
    """Tmux says that a pane's program ended: record it for the worker whose tag the pane carries."""
    from orchestra.workers import statusbar

    tmux = statusbar.session_of(store, environ) if event == "pane-died" else None
    found = next((one for one in tmux.panes() if one.id == pane), None) if tmux is not None else None
    worker = store.read(found.worker) if found is not None else None
    if found is None or worker is None or worker.nonce != found.nonce:
        return False
    reason = "the agent ended" if found.exit_status is None else f"the agent exited with status {found.exit_status}"
    store.record(worker.id, events.ended("tmux", reason))
    return True


def _complain(wrong: BaseException) -> None:
    """Leave a line in the log, if even that can be done."""
    try:
        import traceback

        home = os.environ.get("ORCHESTRA_HOME", "")
        said = str(wrong) if isinstance(wrong, OrchestraError) else traceback.format_exc()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(os.path.join(home, "orchestra.log"), flags, 0o600), "wb") as file:
            file.write(f"hook {sys.argv[1:]}: {said}\n".encode("utf-8", "replace"))
    except BaseException:  # noqa: BLE001, S110 - there is nowhere left to say it
        pass


if __name__ == "__main__":
    main()
