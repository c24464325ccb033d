"""Answer a dialog from elsewhere: the first answer wins, the others are told that they came too late."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.dialogs import is_on_screen, open_questions
from orchestra.core.models import AnswerChannel, Escalation, Event, Gate, Guidance, Worker
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.core.waiting import wait_until
from orchestra.errors import OrchestraError
from orchestra.storage.files import is_held, locked
from orchestra.workers import screen_dialogs
from orchestra.workers.overview import pane_of, worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

HOOK_SECONDS = 3.0  # from the event to the waiting hook, and from the answer to its end, on a loaded machine
_ENDINGS = ("answered", "approved", "told", "unblocked", "idle", "accepted", "turn-ended", "ended")


class Decision(Record):
    """How the user decides: from where, about which requests (None: what is open now), all of them or the first.

    Who decides about what is on their screen never answers something else that was asked meanwhile.
    """

    how: AnswerChannel = AnswerChannel.COMMAND
    shown: tuple[str, ...] | None = None
    every: bool = False
    answers: tuple[str, ...] = ()  # one for each question of a dialog, where they were given one by one
    always: bool = False  # a yes that holds for the same call of this worker from now on


def asked_choice(project: Project, worker: Worker, decision: Decision) -> Escalation | None:
    """What words to the worker answer; None: nothing, they are guidance. Raises when what was shown is closed."""
    if decision.shown is None:
        return open_choice(worker)
    if not decision.shown:
        return None
    asked = next((one for one in open_questions(worker) if one.request in decision.shown), None)
    if asked is None:
        raise already_answered(project, worker.id, decision.shown[0])
    is_yes_or_no = asked in worker.dialogs and asked.gate is not Gate.QUESTION
    return None if is_yes_or_no else asked


def open_requests(project: Project, number: str, decision: Decision) -> tuple[Escalation, ...]:
    """What a decision is about: the dialogs first, then what the worker asked itself; raises when it is nothing."""
    found = open_questions(worker_of(project.store, number))
    kept = tuple(one for one in found if one.request in decision.shown) if decision.shown else found
    if kept:
        return kept if decision.every else kept[:1]
    if decision.shown:
        raise already_answered(project, number, decision.shown[0])
    ending = _ending(project.store, number, "")
    raise OrchestraError(f"#{number} has no open question" + (f"; {ending}" if ending else ""), _see(number))


def open_choice(worker: Worker) -> Escalation | None:
    """What words to a worker answer: the dialog that asks to choose, or what the worker asked itself, or nothing."""
    dialog = next((one for one in worker.dialogs if one.gate is Gate.QUESTION), None)
    own = worker.escalation
    return dialog or (own if own is not None and own.gate is not Gate.PERMISSION else None)


def answer(
    project: Project, number: str, asked: Escalation, behavior: str, how: AnswerChannel, *,
    text: str = "", answers: Sequence[str] = (), always: bool = False,
) -> None:  # fmt: skip
    """Answer the dialog `asked`; returns when the agent's hook has taken it, raises OrchestraError otherwise."""
    if is_on_screen(asked):
        _answer_on_screen(project, number, asked, behavior, how, text=text, answers=answers)
        return
    store, path = project.store, project.store.answer_lock(number, asked.request)
    if not wait_until(lambda: is_held(path) or _gone(project, number, asked), HOOK_SECONDS):
        raise OrchestraError(
            f"the hook that would bring your answer to #{number} is gone",
            f"answer in its pane: orchestra attach {number}",
        )
    given = events.answered(
        project.who, asked.request, behavior, how, text=text, answers=answers, summary=asked.summary, always=always
    )
    if store.record(number, given).refused:
        raise already_answered(project, number, asked.request)
    taken = wait_until(lambda: not is_held(path), HOOK_SECONDS)
    refresh(project)
    if not taken:
        raise OrchestraError(f"the agent of #{number} has not taken your answer yet", _see(number))


def _answer_on_screen(
    project: Project, number: str, asked: Escalation, behavior: str, how: AnswerChannel, *,
    text: str, answers: Sequence[str],
) -> None:  # fmt: skip
    """Answer a dialog that no hook waits for by its keys; words that go with a no are told when the agent waits."""
    store, see = project.store, f"answer in its pane: orchestra attach {number}"
    with locked(store.file(number, "deliver.lock")):  # no paste comes in between
        worker = worker_of(project.store, number)
        pane = pane_of(project, worker)
        found = screen_dialogs.read(project.panes, worker, pane) if pane is not None and not pane.dead else None
        if pane is None or found is None or screen_dialogs.as_question(found).request != asked.request:
            raise OrchestraError(f"#{number}: its pane does not show this dialog any more", _see(number))
        place = screen_dialogs.option_for(number, asked, found, behavior, answers)
        given = events.answered(
            project.who, asked.request, behavior, how, text=text, answers=answers, summary=asked.summary
        )
        if store.record(number, given).refused:
            raise already_answered(project, number, asked.request)
        if not screen_dialogs.choose(project, worker, pane, place):
            raise OrchestraError(f"#{number}: the dialog in its pane did not take the keys", see)
        screen_dialogs.record_idle(project, worker, pane)
    if text:
        store.record(number, events.told(project.who, text, sender="human"))
    refresh(project)


def record_reply(project: Project, number: str, asked: Escalation | None, text: str, how: AnswerChannel) -> Guidance:
    """Record words to a worker, as the answer to `asked`; raises OrchestraError when somebody else was first."""

    def said(now: Worker | None) -> Event:
        if asked is not None and (now is None or now.escalation is None or now.escalation.request != asked.request):
            raise already_answered(project, number, asked.request)
        return events.told(project.who, text, sender="human", answers=asked.request if asked else "", how=how)

    recorded = project.store.decide(number, said)
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(
            f"#{number} cannot be told anything: {recorded.refused}", f"see it: orchestra show {number}"
        )
    return recorded.worker.guidance[-1]


def already_answered(project: Project, number: str, request: str) -> OrchestraError:
    """The sentence for who came second: what was answered, how and when."""
    return OrchestraError(
        f"#{number}: too late; {_ending(project.store, number, request) or 'it is closed'}", _see(number)
    )


def parse_answers(number: str, asked: Escalation, words: str, apart: Sequence[str] = ()) -> tuple[str, ...]:
    """One answer for each question of a dialog, in order: `1; 2`, or a line each. Raises when the number differs.

    `apart`: the answers, where they were given one by one and need no parting.
    """
    questions = asked.questions
    given = (
        [*apart]
        if apart
        else [words]
        if len(questions) == 1
        else [part for part in re.split(r"[;\n]", words) if part.strip()]
    )
    if len(given) != len(questions):
        told = " ".join(f"{place}. {clean(str(one.get('question')), 120)}" for place, one in enumerate(questions, 1))
        raise OrchestraError(
            f"#{number} asks {len(questions)} questions, and this answers {len(given)}: {told}",
            f'answer each, in order: orchestra tell {number} "1; 2"',
        )
    return tuple(_one(question, part) for question, part in zip(questions, given, strict=True))


def _one(question: object, words: str) -> str:
    found = question if isinstance(question, dict) else {}
    options = [str(label) for label in found.get("options") or ()]
    if found.get("many") and re.fullmatch(r"\s*\d+(?:\s*,\s*\d+)+\s*", words, re.ASCII):
        return ", ".join(match_option(options, part) for part in words.split(","))
    return match_option(options, words)


def match_option(options: Sequence[str], words: str) -> str:
    """`2` picks the second option, a label in any case that option; anything else is the answer itself."""
    text = words.strip()
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(options):
        return options[int(text) - 1]
    return next((option for option in options if option.casefold() == text.casefold()), text)


def _gone(project: Project, number: str, asked: Escalation) -> bool:
    return all(one.request != asked.request for one in worker_of(project.store, number).dialogs)


def _ending(store: Store, number: str, request: str) -> str:
    """How the question `request` (empty: the last one) was answered, from the journal."""
    for event, refused in reversed(store.journal(number)):
        if refused or event.kind not in _ENDINGS:
            continue
        if not request and events.fact(event, "how") == AnswerChannel.PANE:
            return f"it was answered in the pane at {event.at}"
        named = events.fact(event, "request") or events.fact(event, "answers")
        if event.kind in ("answered", "approved", "told") and named and request in ("", named):
            how = clean(events.fact(event, "how") or "command", 20)
            return f"{_what(event)} by {clean(event.by, 40)} ({how}) at {event.at}"
        if request and (named == request or event.kind != "unblocked"):
            return f"it was answered in the pane at {event.at}"
    return ""


def _what(event: Event) -> str:
    if event.kind == "approved" or events.fact(event, "behavior") == "allow":
        return "it was approved" if not events.facts(event, "answers") else "it was answered"
    return "it was denied" if event.kind == "answered" else "it was answered"


def _see(number: str) -> str:
    return f"see it: orchestra show {number}"
