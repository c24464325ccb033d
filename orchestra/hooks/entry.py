"""`orchestra-hook AGENT EVENT NONCE`: what agents and tmux call. Standard library only, bounded, always exits 0.

The payload comes on standard input as JSON. An agent's turn waits for this program, so it imports no edge but the
store, and whatever goes wrong ends in `orchestra.log` and not in the agent's conversation (failures.md X13, R15).
"""

from __future__ import annotations

import os
import select
import sys
import time

if __package__ in (None, ""):  # run by path, with -I -S: four milliseconds sooner than as a module
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from orchestra.core import events, fast_json
from orchestra.core.dialogs import answered_in_pane
from orchestra.core.guidance import as_one_message
from orchestra.core.models import ActivityState, Delivery, Event, Guidance, Worker
from orchestra.core.text import clean_lines
from orchestra.errors import OrchestraError
from orchestra.storage.files import read_text, remove_if_present, write_atomic
from orchestra.storage.session_store import Store

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Asked = tuple[Worker, dict[str, Any]]

MOST_PAYLOAD = 8 * 1024 * 1024
PAYLOAD_SECONDS = 2.0  # to read it: who holds the pipe open must not hold up a turn
STDIN = 0
GOES_ON = "plan:auto"  # the fourth word of a permission hook: a plan needs no person
LOCK_WAIT = 3.0  # seconds; a hook may not hold up a turn
HANDS_OVER = frozenset({"PostToolUse", "PostToolUseFailure", "Stop"})


def main() -> None:
    """The entry point; never raises, never exits with anything but 0."""
    try:
        answer, store, asked = run(sys.argv[1:], os.environ)
        _say(answer)
        if store is not None:
            _push_behind(store)
        if store is not None and asked is not None:
            from orchestra.hooks.permission_wait import wait

            _say(wait(store, *asked))
    except BaseException as wrong:  # noqa: BLE001 - the agent's turn must go on
        _complain(wrong)
    os._exit(0)  # skip the interpreter's clean-up: 2 to 3 ms, and nothing is left to flush


def _say(answer: dict[str, Any] | None) -> None:
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


def run(argv: list[str], environ: Mapping[str, str]) -> tuple[dict[str, Any] | None, Store | None, Asked | None]:
    """Record what the hook tells; returns what to answer the agent with, the store whose bar changed, and what to wait
    for: a dialog that a person may answer from elsewhere.
    """
    agent, event, nonce, more = (*argv, "", "", "", "")[:4]
    home, project = environ.get("ORCHESTRA_HOME", ""), environ.get("ORCHESTRA_PROJECT", "")
    if not home or not project:
        return None, None, None
    store = Store(home, project, time.time, lock_wait=LOCK_WAIT)
    if agent == "tmux":
        return None, store if _pane_died(store, event, nonce, environ) else None, None
    payload = _payload()
    if agent == "orchestrator":
        from orchestra.hooks import orchestrator_context

        return (
            (orchestrator_context.changes_since_last_prompt(store) if event == "UserPromptSubmit" else None),
            None,
            None,
        )
    number = environ.get("ORCHESTRA_WORKER", "")
    before = store.read(number)
    if before is None or before.nonce != nonce:  # an agent of an earlier worker of this number (failures.md W5)
        return None, None, None
    if event == "PermissionRequest" and more == GOES_ON and payload.get("tool_name") == "ExitPlanMode":
        return _plan_goes_on(store, before, payload), store, None
    after = _record(store, before, event, payload)
    if event == "PermissionRequest" and payload:  # what could not be read is answered in the pane, where it is seen
        return None, store, (after, payload)
    return (_hand_over(store, after, event) if _may_hand_over(event, payload) else None), store, None


def _plan_goes_on(store: Store, worker: Worker, payload: Mapping[str, Any]) -> dict[str, Any]:
    """With `plan: auto` a plan is approved as it comes; it stands in the journal."""
    given = payload.get("tool_input")
    plan = clean_lines(str(given.get("plan") or ""), 4000) if isinstance(given, dict) else ""
    store.record(worker.id, events.noted("hook:PermissionRequest", "its plan goes on", plan))
    return {"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": {"behavior": "allow"}}}


def _may_hand_over(event: str, payload: Mapping[str, Any]) -> bool:
    """Only the worker itself: what a subagent's hook is given never reaches the conversation."""
    return event in HANDS_OVER and not payload.get("agent_id")


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


def _record(store: Store, worker: Worker, event: str, payload: dict[str, Any]) -> Worker:
    from orchestra.agents.claude.hooks import event_of  # every agent of ours speaks the same wire format

    told = event_of(event, payload, store.now())
    if told is None:
        return worker
    kind, facts = told
    if not _dialog(store, worker, kind, str(facts.get("request", ""))):
        return worker
    happened = events.from_agent(kind, f"hook:{event}", facts)
    return store.decide(worker.id, lambda now: answered_in_pane(now, happened)).worker or worker


def _dialog(store: Store, worker: Worker, kind: str, request: str) -> bool:
    """Keep the file `blocked` while a dialog is open; False for a tool that ended while another one's dialog is open.

    The agent's `sh` looks for this file after each tool: without it no Python starts.
    """
    path = store.file(worker.id, "blocked")
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
        remove_if_present(path)
    return True


def _note(path: str, request: str) -> None:
    """Without this file the end of a dialog is seen later, by the heartbeat: no reason not to record its begin."""
    try:
        write_atomic(path, request)
    except OSError as wrong:
        _complain(wrong)


def _hand_over(store: Store, worker: Worker, event: str) -> dict[str, Any] | None:
    """Give queued guidance to a busy agent without a key: after a tool, or instead of ending its turn."""
    given: list[Guidance] = []

    def take(current: Worker | None) -> Event | None:
        if current is None:
            return None
        queued = [g for g in current.guidance if g.state is Delivery.QUEUED]
        had = _pasted(store, current) if queued else ""
        given.extend(g for g in queued if g.id != had)
        happened = events.accepted if event == "Stop" and given else events.delivered
        return happened(f"hook:{event}", [g.id for g in queued]) if queued else None

    remove_if_present(store.file(worker.id, "mailbox"))  # before looking: what comes from now on says so anew
    refused = store.decide(worker.id, take).refused
    if refused or not given:
        return None
    if event == "Stop":
        return {"decision": "block", "reason": as_one_message(given)}
    return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": as_one_message(given)}}


def _pasted(store: Store, worker: Worker) -> str:
    """The guidance that was pasted and that the agent took unseen: its hook could not record it, its transcript can."""
    from orchestra.agents.claude.hooks import enqueued_in

    try:
        words = read_text(store.file(worker.id, "pasted"))
    except OSError:
        return ""
    return words if words in enqueued_in(worker.transcript, 0, [words]) else ""


def _pane_died(store: Store, event: str, pane: str, environ: Mapping[str, str]) -> bool:
    """Tmux says that a pane's program ended: record it for the worker whose tag the pane carries."""
    from orchestra.workers import statusbar

    tmux = statusbar.workspace_of(store, environ) if event == "pane-died" else None
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
