"""What orchestra relies on in Claude Code, tried one after the other in one conversation. It costs no tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from orchestra.agents.claude import launch as claude
from orchestra.agents.claude.permissions import MODES
from orchestra.agents.claude.selftest.script import bash, marker, plan_of
from orchestra.agents.claude.selftest.server import MessagesApi
from orchestra.agents.claude.selftest.trial import BrokenPromise, Trial, must
from orchestra.agents.self_test import CheckResult, SelfTest, TrialPane
from orchestra.core.models import Answer
from orchestra.core.records import Record
from orchestra.core.waiting import wait_until

MOST_SCREEN = 4000
START_SECONDS = 120.0  # on a machine that is loaded with agents a start alone took more than 40 s
PLAN = "1. Look\n2. Do it\n3. Test it"
_LINES = (
    "plain words",
    "/not a command",
    "!not a shell",
    "#not a memory",
    "@not a file",
    "\tumlauts: \u00e4\u00f6\u00fc",
)


class Check(Record):
    """One thing that is relied on: a word for it, the sentence when it holds, and how it is tried."""

    name: str
    holds: str
    act: Callable[[Trial], None]


def _start(trial: Trial) -> None:
    trial.start("This is a self-test. " + marker({"text": "ready"}))
    if (
        not wait_until(lambda: bool(trial.told("started")) or trial.pane.ended(), START_SECONDS, 0.05)
        or not trial.transcript
    ):
        why = claude.startup_problem(trial.pane.screen())
        silent = "the program ended" if trial.pane.ended() else "its hooks tell nothing"
        raise BrokenPromise(f"it does not start: {why.sentence if why else silent}")
    must(lambda: bool(trial.told("accepted")), "its first prompt is not reported by its hook")
    must(lambda: trial.turns() == 1, "the end of its turn is not reported by its hook")
    if trial.told("turn-ended")[0][1]["said"] != "ready":
        raise BrokenPromise("its hook does not tell what the agent said last")
    must(lambda: trial.box() == "", "its empty prompt box is not recognised on the screen")


def _paste(trial: Trial) -> None:
    lines = [f"{number} {_LINES[0]}" for number in range(40)]
    lines[1:7] = _LINES
    words = "Guidance g1 from human:\n" + "\n".join(lines)
    _given_once(trial, words, "g1", "a long paste", marker({"text": "read"}))


def _given_once(trial: Trial, words: str, piece: str, what: str, script: str) -> None:
    ended = trial.turns()
    trial.say(f"{words}\n{script}")
    must(lambda: trial.turns() > ended, f"{what} does not begin a turn that ends")
    must(
        lambda: claude.accepted_in(trial.transcript, 0, [piece]) == {piece},
        f"the transcript does not prove that the model was given {what}",
    )
    times = trial.times_given(words.expandtabs(4))  # the prompt box turns a tab into four spaces
    if times != 1:
        raise BrokenPromise(f"{what} reaches the model {times} times, or changed: expected once, as it was sent")


def _busy(trial: Trial) -> None:
    ended, asked = trial.turns(), len(trial.requests())
    trial.say("Work.\n" + marker(bash("sleep 2"), bash("true"), {"wait": True}, {"text": "heard"}))
    must(lambda: len(trial.requests()) > asked, "a prompt does not reach the model")
    words = "Guidance g2 from human:\nuse blue\nnot green"
    trial.say(words)
    must(
        lambda: bool(claude.enqueued_in(trial.transcript, 0, ["g2"])),
        "the transcript does not show words that were sent to a busy agent",
    )
    must(
        lambda: claude.accepted_in(trial.transcript, 0, ["g2"]) == {"g2"},
        "the transcript does not prove that the model was given words that were sent to a busy agent",
    )
    must(lambda: trial.turns() > ended, "a turn in which words came is not reported as ended")
    times = trial.times_given(words)
    if times != 1:
        raise BrokenPromise(f"words to a busy agent reach the model {times} times, expected once")


def _permission(trial: Trial) -> None:
    outside, ended, before = trial.home / "outside.txt", trial.turns(), len(trial.payloads("PermissionRequest"))
    write = {"tool": "Write", "input": {"file_path": str(outside), "content": "x"}}
    trial.say("Write.\n" + marker(write, {"text": "written"}))
    path, payload, asked = trial.dialog(before, "a permission request")
    if asked.get("gate") != "permission" or str(outside) not in asked.get("summary", ""):
        raise BrokenPromise("what a permission request asks for is not understood")
    trial.answer(path, payload, Answer(str(asked.get("request")), "allow"))
    must(outside.exists, "an approval by the hook is not taken: permissions must be given in the pane")
    must(lambda: trial.turns() > ended, "after an approval the turn does not end")


def _question(trial: Trial) -> None:
    ended, before = trial.turns(), len(trial.payloads("PermissionRequest"))
    options = [{"label": "Dark", "description": "a"}, {"label": "Light", "description": "b"}]
    question = {"question": "Which colour?", "header": "Colour", "multiSelect": False, "options": options}
    trial.say("Ask.\n" + marker({"tool": "AskUserQuestion", "input": {"questions": [question]}}, {"text": "answered"}))
    path, payload, asked = trial.dialog(before, "a question")
    if (asked.get("gate"), asked.get("options")) != ("question", ["Dark", "Light"]):
        raise BrokenPromise("what a question asks, and its options, are not understood")
    trial.answer(path, payload, Answer(str(asked.get("request")), "allow", answers=("Light",)))
    must(lambda: trial.turns() > ended, "an answer by the hook is not taken: questions must be answered in the pane")
    if not any("Light" in result for result in trial.results()):
        raise BrokenPromise("the answer to a question does not reach the model")


def _plan(trial: Trial) -> None:
    ended, before = trial.turns(), len(trial.payloads("PermissionRequest"))
    trial.say("Plan.\n" + marker({"tool": "EnterPlanMode", "input": {}}, *plan_of(PLAN), {"text": "planned"}))
    path, payload, asked = trial.dialog(before, "a plan")
    if asked.get("gate") != "plan":
        raise BrokenPromise("a plan is taken for another dialog")
    if asked.get("context") != PLAN:
        raise BrokenPromise("the text of a plan is not found: plans must be read in the pane")
    trial.answer(path, payload, Answer(str(asked.get("request")), "allow"), MODES["standard"])
    must(lambda: trial.turns() > ended, "an approval of a plan is not taken: plans must be approved in the pane")
    mode = trial.payloads("Stop")[-1][1].get("permission_mode")
    if mode != MODES["standard"]:
        raise BrokenPromise(f"after a plan it goes on in the mode {mode!r}, not in {MODES['standard']!r} as before")


def _pane(trial: Trial) -> None:
    if not trial.pane.keeps_history():
        raise BrokenPromise("it draws on the alternate screen: the pane keeps no history")
    ended = trial.turns()
    trial.pane.press("Left")
    trial.pane.press("Left")
    trial.say("Go on.\n" + marker({"text": "here"}))
    must(lambda: trial.turns() > ended, "after the left arrow the agent does not work in its pane any more")
    sessions = {str(payload.get("session_id")) for _, payload in trial.payloads()}
    if sessions != {trial.context.session} or trial.told("moved"):
        raise BrokenPromise("the left arrow moves its conversation out of the pane")


def _resume(trial: Trial) -> None:
    once, ended = trial.home / "once", trial.turns()
    trial.say("Work.\n" + marker(bash(f"mkdir {once} && sleep 60; true"), {"text": "went on"}))
    must(once.exists, "a shell command that a rule allows does not run")
    trial.pane.kill()
    must(trial.pane.ended, "it does not end when it is killed")
    if not claude.conversation_exists(trial.context.session, trial.environ):
        raise BrokenPromise("the conversation of an agent that was killed is not found")
    words = "Guidance g3 from human:\ngo on"
    trial.start(words, resume=True)
    must(lambda: len(trial.told("started")) == 2, "it does not go on with its conversation after it was killed")
    if trial.told("started")[1][1]["session"] != trial.context.session:
        raise BrokenPromise("it goes on in another conversation after it was killed")
    must(lambda: trial.turns() > ended, "the turn after it was killed is not reported as ended")
    must(
        lambda: claude.accepted_in(trial.transcript, 0, ["g3"]) == {"g3"},
        "the transcript does not prove the words that it was resumed with",
    )


CHECKS = (
    Check("start", "it starts in a pane, and its hooks tell of the first prompt and of the end of the turn", _start),
    Check("paste", "a paste of 41 lines reaches the model once, as it was sent, and the transcript proves it", _paste),
    Check("busy", "words to a busy agent reach the model once, and the transcript tells queued from given", _busy),
    Check("permission", "a permission request is reported, recognised on the screen, and can be answered", _permission),
    Check("question", "a question is reported with its options, and can be answered", _question),
    Check("plan", "a plan is shown whole, can be approved, and the mode afterwards is the one before", _plan),
    Check("pane", "the pane keeps its history, and the left arrow does not move the conversation out of it", _pane),
    Check("resume", "after it was killed the same conversation goes on", _resume),
)


def run(command: str, directory: str, path: str, mark: Mapping[str, str], pane: TrialPane) -> Iterator[CheckResult]:
    """Try each thing that is relied on. Once the program does not come back to its prompt, the rest is not tried."""
    with MessagesApi() as api:
        trial = Trial(command, Path(directory), path, mark, pane, api)
        lost = ""
        for check in CHECKS:
            if lost:
                yield CheckResult(check.name, None, lost)
                continue
            found = _tried(trial, check)
            yield found
            if not found.holds and not trial.settled():
                lost = f"after {check.name!r} the program did not come back to its empty prompt box"


def _tried(trial: Trial, check: Check) -> CheckResult:
    try:
        check.act(trial)
    except BrokenPromise as wrong:
        return CheckResult(
            check.name, holds=False, said=str(wrong), screen=trial.pane.text()[-MOST_SCREEN:].strip("\n")
        )
    return CheckResult(check.name, holds=True, said=check.holds)


SELF_TEST = SelfTest(tuple(check.name for check in CHECKS), run)
