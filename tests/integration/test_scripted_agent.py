from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.polling import eventually

from orchestra.agents import agent
from orchestra.agents.scripted import launch as scripted
from orchestra.agents.scripted import script
from orchestra.agents.scripted.screen import RULE, Key, Keys
from orchestra.core.models import AgentContext, AgentOptions
from orchestra.demo.content import FILES

# --- the script ------------------------------------------------------------------------------------------------------


def fenced(steps: str) -> str:
    return f"Please do this.\n\n```script\n{steps}\n```\n\nThanks."


def verbs(progress: script.Progress) -> list[str]:
    return [step.verb for step in progress.steps]


@pytest.mark.fast
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("say hello world", ("hello", "world")),
        ('commit "Add notes"', ("Add notes",)),
        ("write a.md 'one\\ntwo'", ("a.md", "one\\ntwo")),
        ("escalate 'Which?' --option a \\\n    --option b", ("Which?", "--option", "a", "--option", "b")),
        ("run echo 'a  b' | cat", ("echo", "'a", "b'", "|", "cat")),
    ],
    ids=["bare", "quoted", "escape", "continued", "shell"],
)
def test_a_line_is_a_verb_and_its_words(line: str, words: tuple[str, ...]) -> None:
    (step,) = script.parse(line)
    assert step.words == words


@pytest.mark.fast
def test_a_shell_line_stays_as_it_was_written() -> None:
    assert script.parse("run echo 'a  b' | cat")[0].rest == "echo 'a  b' | cat"


@pytest.mark.fast
def test_what_is_indented_below_a_write_is_its_text() -> None:
    steps = script.parse("write a.py\n    def f():\n        return 1\n\n    # not a comment\nship")
    assert [step.verb for step in steps] == ["write", "ship"]
    assert steps[0].text == "def f():\n    return 1\n\n# not a comment\n"


@pytest.mark.fast
@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        ("# fine\nfly away", "script line 2: there is no step 'fly'"),
        ("status", "script line 1: status takes 1 to 1 words, got 0"),
        ("say 'half", "script line 1: No closing quotation"),
        ("ship\nelse\nsay no", "without its `end`"),
        ("ship\nend", "without its `end`"),
        ("else\nend", "comes after no step"),
    ],
    ids=["unknown", "few", "quote", "open", "closed", "first"],
)
def test_a_script_that_cannot_be_read_says_where(steps: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        script.parse(steps)


@pytest.mark.fast
@given(st.text(alphabet="abc \n\t\"'\\{}!`#-eslndip", max_size=80))
def test_any_text_is_a_script_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert all(step.verb in script.VERBS for step in script.parse(text))


@pytest.mark.fast
def test_the_demo_issues_hold_scripts_that_can_be_read() -> None:
    issues = [text for name, text in FILES.items() if name.startswith(".orchestra/issues/")]
    assert len(issues) == 4
    for text in issues:
        found = script.script_in(text)
        assert found is not None
        assert script.parse(found)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("at", "passed", "then"),
    [(0, True, "commit"), (0, False, "say"), (2, True, "commit"), (2, False, None), (5, True, None)],
    ids=["past else", "into else", "out of else", "no else", "last"],
)
def test_a_failure_goes_into_else_and_a_success_past_it(at: int, passed: bool, then: str | None) -> None:
    steps = script.parse("ship\nelse\n  say sorry\n  end\ncommit it\nship")
    progress = script.Progress(steps, at)
    place = script.after(progress, passed=passed)
    following = script.moved(progress, place).step if place is not None else None
    assert (following.verb if following else None) == then


@pytest.mark.fast
def test_the_first_prompt_brings_the_script_and_none_is_a_plain_change() -> None:
    assert verbs(script.hear(script.Progress(), fenced("say hi\nship"), "7")) == ["say", "ship"]
    plain = script.hear(script.Progress(), "Just do it.", "7")
    assert verbs(plain) == ["status", "status", "write", "commit", "ship"]
    assert plain.steps[2].words[0] == "notes/issue-7.md"


@pytest.mark.fast
@pytest.mark.parametrize(
    ("begun", "words", "at", "answer"),
    [
        (True, "Guidance g1 from human:\nsliding", 1, "sliding"),
        (True, "sliding", 1, "sliding"),
        (True, "Guidance g0 from orchestra:\nYou were interrupted. Go on.", 0, ""),
        (True, "Guidance g1 from human:\nwait\n\nGuidance g2 from human:\nfixed\nplease", 1, "fixed\nplease"),
        (False, "Guidance g1 from human:\nhurry", 0, "hurry"),
    ],
    ids=["guidance", "typed", "restart", "two", "before the question"],
)
def test_a_question_is_finished_by_its_answer(begun: bool, words: str, at: int, answer: str) -> None:
    asking = script.Progress(script.parse("escalate 'Which?'\nsay {answer}"), begun=begun)
    heard = script.hear(asking, words, "7")
    assert (heard.at, heard.answer) == (at, answer)


@pytest.mark.fast
def test_what_is_heard_before_a_wait_ends_that_one_and_no_other() -> None:
    before = script.Progress(script.parse("run true\nwait\nwait\nescalate x"), at=1)
    told = "Guidance g1 from human:\na\n\nGuidance g2 from monitor:\nb"
    assert script.hear(before, told, "1").at == 2
    assert script.hear(before, "Guidance g3 from orchestra:\nGo on.", "1").at == 1
    assert script.hear(before._replace(at=3), told, "1").at == 3, "a question that was not asked has no answer"


@pytest.mark.fast
def test_guidance_counts_once_however_often_it_comes() -> None:
    asking = script.Progress(script.parse("wait\nwait\nsay {answer}"), begun=True)
    words = "Guidance g1 from human:\ngo"
    once = script.hear(asking, words, "7")._replace(begun=True)
    assert script.hear(once, words, "7") == once


@pytest.mark.fast
def test_words_may_bring_a_script_of_their_own_and_at_the_end_they_go_on_record() -> None:
    at_end = script.Progress(script.parse("say hi"), at=1)
    assert verbs(script.hear(at_end, fenced("run true"), "7")) == ["say", "run"]
    assert verbs(script.hear(at_end, "thanks", "7")) == ["say", "append", "commit", "ship"]


@pytest.mark.fast
def test_an_answer_is_one_word_for_a_shell_and_a_literal_where_asked() -> None:
    (step,) = script.parse("run echo {answer}")
    assert script.filled(step, "a; rm -rf 'x'").rest == "echo " + shlex.quote("a; rm -rf 'x'")
    (step,) = script.parse("write a.py\n    X = {answer!r}")
    assert script.filled(step, 'it"s\n{answer}').text == "X = " + repr('it"s\n{answer}') + "\n"


# --- the keys --------------------------------------------------------------------------------------------------------

TYPED = "hé\x7f\r\x1b[A\x1b[200~one\rtwo\n\u276f three\x1b[201~\r"
KEYS = [Key("text", "hé"), Key("back"), Key("enter"), Key("text", "one\ntwo\n\u276f three", pasted=True), Key("enter")]


def joined(keys: list[Key]) -> list[Key]:
    """Typed text comes in pieces, as the reads came."""
    found: list[Key] = []
    for key in keys:
        if found and key.kind == found[-1].kind == "text" and not (key.pasted or found[-1].pasted):
            found[-1] = Key("text", found[-1].text + key.text)
        else:
            found.append(key)
    return found


@pytest.mark.fast
@given(st.lists(st.integers(0, len(TYPED.encode())), max_size=6))
def test_keys_do_not_depend_on_how_they_are_read(cuts: list[int]) -> None:
    raw = TYPED.encode()
    places = sorted({0, len(raw), *cuts})
    keys = Keys()
    assert joined([key for a, b in pairwise(places) for key in keys.feed(raw[a:b])]) == KEYS


@pytest.mark.fast
def test_the_end_of_the_terminal_is_a_key() -> None:
    assert list(Keys().feed(b"")) == [Key("end")]


# --- the agent's module ----------------------------------------------------------------------------------------------


@pytest.mark.fast
def test_the_module_is_an_agent() -> None:
    module = agent("scripted")
    assert module.startup_problem("anything") is None
    assert module.version("", {}) is not None
    assert module.version("no-such-python", {"PATH": "/bin"}) is None
    assert not module.conversation_exists("11111111-2222-4333-8444-555555555555", {"HOME": "/nowhere"})


# --- the program in a pane -------------------------------------------------------------------------------------------

SESSION = "11111111-2222-4333-8444-555555555555"
HOOK = """#!/bin/sh
payload=$(cat)
printf '{"hook": "%s", "payload": %s}\\n' "$1" "${payload:-null}" >>EVENTS/events
if [ -e "EVENTS/wait-$1" ]; then while [ ! -e "EVENTS/answer-$1" ]; do sleep 0.05; done; fi
if [ -e "EVENTS/answer-$1" ]; then cat "EVENTS/answer-$1"; rm -f "EVENTS/answer-$1" DIRECTORY/mailbox; fi
"""
ORCHESTRA = """#!/bin/sh
echo "$@" >>EVENTS/verbs
echo "did $2"
test ! -e "EVENTS/fail-$2" || { rm "EVENTS/fail-$2"; echo "no $2 today" >&2; exit 1; }
"""


class Stage:
    """A worker's directory, its worktree, and a pane of a private tmux server to run the agent in."""

    def __init__(self, repo: Path, place: Path) -> None:
        self.worktree = repo
        self.events = place / "events"
        self.directory = place / "124"
        for directory in (self.events, self.directory, place / "bin"):
            directory.mkdir()
        for path, text in ((place / "hook", HOOK), (place / "bin" / "orchestra", ORCHESTRA)):
            path.write_text(text.replace("EVENTS", str(self.events)).replace("DIRECTORY", str(self.directory)))
            path.chmod(0o755)
        self.path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
        where = {"worktree": str(repo), "directory": str(self.directory), "home": str(place), "project": "widgets"}
        names = {"worker": "124", "nonce": "abcd", "session": SESSION, "base": "main"}
        self.context = AgentContext(**names, **where, hook=(str(place / "hook"),), orchestra_argv=("orchestra",))
        self.pane = ""

    def starts(self, say: str, *, resume: bool = False) -> None:
        """Start the agent as one of our panes does."""
        launch = scripted.launch(self.context, AgentOptions(""), resume=resume, say=say)
        for name, text in launch.files.items():
            (self.directory / name).write_text(text)
        environ = {name: os.environ[name] for name in ("HOME", "LC_ALL", "GIT_CONFIG_NOSYSTEM")}
        pairs = [f"{name}={value}" for name, value in {**environ, "PATH": self.path}.items()]
        verb = ["split-window"] if self.pane else ["new-session", "-d", "-x", "100", "-y", "60"]
        argv = ["env", "-i", *pairs, "TERM=screen-256color", *launch.argv]
        self.pane = self.tmux(*verb, "-c", str(self.worktree), "-P", "-F", "#{pane_id}", *argv)
        self.tmux("set-option", "-g", "remain-on-exit", "on")

    def tmux(self, *argv: str, text: str | None = None) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-f", "/dev/null", "-L", "stage", *argv],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    def screen(self) -> str:
        """The screen with its history: a pane that dies scrolls by a line."""
        return self.tmux("capture-pane", "-p", "-e", "-S", "-", "-t", self.pane)

    def pid(self) -> int:
        return int(self.tmux("display-message", "-p", "-t", self.pane, "#{pane_pid}"))

    def ends(self, status: str = "") -> None:
        """Wait for the pane to be dead, with this exit status as far as tmux knows one.

        It knows none after a signal, nor when 3.3a has missed a SIGCHLD and leaves a zombie: 2 of 12 runs here.
        """
        fields = "#{?pane_dead,dead #{pane_dead_status},}"
        died = eventually(lambda: self.tmux("display-message", "-p", "-t", self.pane, fields).split(), why="its end")
        assert died[1:] in ([], [status])

    def hooks(self, *names: str) -> list[dict[str, Any]]:
        """The payloads of the hooks that were called so far."""
        path = self.events / "events"
        lines = path.read_text().splitlines() if path.exists() else []
        entries = [json.loads(line) for line in lines]
        return [entry["payload"] for entry in entries if entry["hook"] in names]

    def order(self) -> list[str]:
        """The names of the hooks that were called, in order."""
        return [json.loads(line)["hook"] for line in (self.events / "events").read_text().splitlines()]

    def conversation(self) -> Path:
        """The file the agent remembers by."""
        (found,) = Path(os.environ["HOME"], ".local", "share", "orchestra-scripted").iterdir()
        return found

    def verbs(self) -> list[str]:
        path = self.events / "verbs"
        return path.read_text().splitlines() if path.exists() else []

    def waits(self, turns: int = 1) -> None:
        """Wait until so many turns are over and the prompt box is there, empty."""
        eventually(lambda: len(self.hooks("Stop", "StopFailure")) >= turns, why="the end of the turn")
        eventually(lambda: scripted.composer_text(self.screen()) == "", why="an empty prompt box")

    def pastes(self, text: str) -> None:
        self.tmux("load-buffer", "-b", "words", "-", text=text)
        self.tmux("paste-buffer", "-p", "-r", "-d", "-b", "words", "-t", self.pane)

    def presses(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", self.pane, *keys)


@pytest.fixture
def stage(repo: Path, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(repo, tmp_path)
    yield made
    if made.pane:
        made.tmux("kill-server")


def test_it_does_its_script_for_real_and_tells_its_hooks(stage: Stage, git: Callable[..., str]) -> None:
    prompt = fenced(
        "plan 'First this, then that.'\nstatus working\nwrite notes/a.md 'one\\ntwo'\nappend notes/a.md three\n"
        "run wc -l <notes/a.md\ncommit 'Add notes'\nship --title 'My title'\nsay 'All done.'"
    )
    stage.starts(prompt)
    stage.waits()
    assert (stage.worktree / "notes" / "a.md").read_text() == "one\ntwo\nthree\n"
    assert git("-C", stage.worktree, "log", "-1", "--format=%s") == "Add notes"
    assert git("-C", stage.worktree, "status", "--porcelain") == ""
    plan = stage.directory / "plan.md"
    assert plan.read_text() == "First this, then that.\n"
    expected = [f"status planning --plan {plan}", "status working", "ship --title My title"]
    assert stage.verbs() == [f"worker {verb}" for verb in expected]
    assert stage.order() == ["SessionStart", "UserPromptSubmit", "Stop"]
    started, accepted, ended = stage.hooks("SessionStart", "UserPromptSubmit", "Stop")
    assert (started["session_id"], started["source"]) == (SESSION, "startup")
    assert accepted["prompt"] == prompt
    assert (ended["last_assistant_message"], ended["stop_hook_active"]) == ("All done.", False)
    assert (stage.directory / "heartbeat").exists()
    shown = stage.screen()
    assert "scripted agent · #124" in shown
    assert "● wc -l <notes/a.md\n    3" in shown
    assert not scripted.dialog_open(shown)


def test_a_failed_step_goes_into_its_else(stage: Stage) -> None:
    (stage.events / "fail-ship").touch()
    stage.starts(fenced("ship\nelse\n  say 'fix it'\n  ship\nend\nsay done"))
    stage.waits()
    assert stage.verbs() == ["worker ship"] * 2
    assert "no ship today" in stage.screen()
    assert stage.hooks("Stop")[0]["last_assistant_message"] == "done"


def test_a_failed_step_without_else_ends_the_turn_and_words_repeat_it(stage: Stage) -> None:
    (stage.events / "fail-ship").touch()
    stage.starts(fenced("ship\nsay done"))
    stage.waits()
    assert "ship failed" in stage.hooks("Stop")[0]["last_assistant_message"]
    stage.pastes("Guidance g1 from human:\nApproved: ship it")
    stage.presses("Enter")
    stage.waits(turns=2)
    assert stage.verbs() == ["worker ship"] * 2
    assert stage.hooks("Stop")[1]["last_assistant_message"] == "done"


def test_guidance_is_pasted_into_its_box_and_answers_its_question(stage: Stage) -> None:
    stage.starts(fenced("escalate 'Which?' --option a --option b\nwrite answer.txt {answer}\nsay thanks"))
    stage.waits()
    assert stage.verbs() == ["worker escalate Which? --option a --option b"]
    words = 'Guidance g1 from human:\nsliding\n  with two lines and a quote: "\'"'
    stage.pastes(words)
    shown = eventually(lambda: scripted.composer_text(stage.screen()), why="the paste in the box") or ""
    assert [line.strip() for line in shown.split("\n")] == [line.strip() for line in words.split("\n")]
    assert len(stage.hooks("UserPromptSubmit")) == 1, "a paste alone submits nothing"
    stage.presses("Enter")
    stage.waits(turns=2)
    assert stage.hooks("UserPromptSubmit")[1]["prompt"] == words
    assert (stage.worktree / "answer.txt").read_text() == words.split("\n", 1)[1] + "\n"


def test_the_box_is_whole_in_a_pane_that_has_become_small(stage: Stage) -> None:
    """Otherwise nobody could deliver: in the demo, to a worker that was started before a small terminal came."""
    stage.starts(fenced("wait"))
    stage.waits()
    stage.tmux("resize-window", "-x", "39", "-y", "8")
    visible = ("capture-pane", "-p", "-e", "-t", stage.pane)
    eventually(lambda: scripted.composer_text(stage.tmux(*visible)) == "", why="the box")


def test_typed_words_can_be_corrected_before_they_are_sent(stage: Stage) -> None:
    stage.starts(fenced("wait\nwrite answer.txt {answer}"))
    stage.waits()
    stage.presses("-l", "--", "go x")
    stage.presses("BSpace", "BSpace", "Up")
    eventually(lambda: scripted.composer_text(stage.screen()) == "go", why="the corrected words")
    assert stage.screen().count(RULE) == 2, "the box is drawn over itself"
    stage.presses("Enter")
    stage.waits(turns=2)
    assert (stage.worktree / "answer.txt").read_text() == "go\n"


@pytest.mark.parametrize("by", ["PostToolUse", "Stop"])
def test_a_busy_agent_takes_what_its_hooks_hand_over(stage: Stage, by: str) -> None:
    more = {"hookSpecificOutput": {"additionalContext": "Guidance g1 from human:\nuse b"}}
    block = {"decision": "block", "reason": "Guidance g1 from human:\nuse b"}
    stage.starts(fenced("run while [ ! -e go ]; do sleep 0.05; done; rm go\nrun true\nwait\nwrite answer.txt {answer}"))
    eventually(lambda: stage.hooks("UserPromptSubmit"))
    (stage.events / f"answer-{by}").write_text(json.dumps(block if by == "Stop" else more))
    (stage.directory / "mailbox").touch()
    (stage.worktree / "go").touch()
    if by == "Stop":
        eventually((stage.worktree / "answer.txt").exists, why="the turn to go on")
        assert (stage.worktree / "answer.txt").read_text() == "use b\n"
        stage.waits(turns=2)
        assert [ended["stop_hook_active"] for ended in stage.hooks("Stop")] == [False, True]
    else:
        stage.waits()
        assert "use b" in stage.screen()
        assert not (stage.directory / "mailbox").exists()
        assert len(stage.hooks("UserPromptSubmit")) == 1, "what is handed over in a turn is not a prompt"


def test_a_pause_is_a_row_of_tool_calls_with_all_that_they_bring(stage: Stage) -> None:
    (stage.events / "answer-PostToolUse").write_text(
        json.dumps({"hookSpecificOutput": {"additionalContext": "Guidance g1 from human:\nuse b"}})
    )
    (stage.directory / "mailbox").touch()
    stage.starts(fenced("pause 1\nwrite answer.txt {answer}"))
    stage.waits()
    assert (stage.worktree / "answer.txt").read_text() == "use b\n"


def test_a_step_that_was_done_just_before_a_kill_is_not_done_twice(stage: Stage, git: Callable[..., str]) -> None:
    stage.starts(fenced("append log.txt one\ncommit 'Add a log'\nsay done"))
    stage.waits()
    os.kill(stage.pid(), signal.SIGKILL)
    stage.ends()
    entries = stage.conversation().read_text().splitlines()
    for known in (2, 4):  # the append was begun; the commit was begun
        stage.conversation().write_text("\n".join(entries[:known]) + "\n")
        stage.starts("Guidance g0 from orchestra:\nGo on.", resume=True)
        stage.waits(turns=known // 2 + 1)
        assert (stage.worktree / "log.txt").read_text() == "one\n"
        assert git("-C", stage.worktree, "log", "--format=%s").splitlines() == ["Add a log", "first"]


def test_it_goes_on_where_a_kill_hit_it(stage: Stage) -> None:
    stage.starts(fenced("append log.txt one\npause 60\nappend log.txt two"))
    eventually(lambda: "● pause" in stage.screen(), why="the pause")
    assert scripted.conversation_exists(SESSION, os.environ)
    os.kill(stage.pid(), signal.SIGKILL)
    stage.ends()
    conversation = stage.conversation()
    lines = conversation.read_text().splitlines()
    conversation.write_text("\n".join(line.replace("pause 60", "pause 1") for line in lines) + '\n{"type": "do')
    stage.starts("Guidance g0 from orchestra:\nYou were interrupted. Go on.", resume=True)
    stage.waits()
    assert (stage.worktree / "log.txt").read_text() == "one\ntwo\n"
    assert [start["source"] for start in stage.hooks("SessionStart")] == ["startup", "resume"]
    assert json.loads(conversation.read_text().splitlines()[-1])["type"] == "done"


def test_a_question_outlives_a_kill_and_is_not_asked_twice(stage: Stage) -> None:
    stage.starts(fenced("escalate 'Which?'\nwrite answer.txt {answer}"))
    stage.waits()
    os.kill(stage.pid(), signal.SIGKILL)
    stage.ends()
    stage.starts("", resume=True)
    eventually(lambda: scripted.composer_text(stage.screen()) == "", why="the prompt box")
    assert not (stage.worktree / "answer.txt").exists()
    stage.pastes("Guidance g1 from human:\nb")
    stage.presses("Enter")
    stage.waits(turns=2)
    assert stage.verbs() == ["worker escalate Which?"]
    assert (stage.worktree / "answer.txt").read_text() == "b\n"


@pytest.mark.parametrize(("key", "allowed"), [("y", True), ("Enter", True), ("2", False), ("Escape", False)])
def test_a_dialog_takes_keys_and_no_paste(stage: Stage, key: str, allowed: bool) -> None:
    stage.starts(fenced("dialog 'touch /etc/passwd'\nelse\n  say no\nend\nrun true"))
    shown = eventually(lambda: stage.screen() if scripted.dialog_open(stage.screen()) else "", why="the dialog")
    assert scripted.composer_text(shown) is None
    (asked,) = eventually(lambda: stage.hooks("PermissionRequest"))
    assert asked["tool_input"] == {"command": "touch /etc/passwd"}
    stage.pastes("y\n1\nyes")
    assert scripted.dialog_open(stage.screen())
    stage.presses(key)
    stage.waits()
    assert (stage.hooks("Stop")[0]["last_assistant_message"] == "") is allowed
    assert ("allowed" in stage.screen()) is allowed


@pytest.mark.parametrize("behavior", ["allow", "deny"])
def test_a_dialog_is_answered_by_its_hook_as_well(stage: Stage, behavior: str) -> None:
    (stage.events / "wait-PermissionRequest").touch()
    stage.starts(fenced("dialog 'make release'\nelse\n  say no\nend"))
    eventually(lambda: scripted.dialog_open(stage.screen()), why="the dialog")
    answer = {"hookSpecificOutput": {"decision": {"behavior": behavior}}}
    (stage.events / "unfinished").write_text(json.dumps(answer))
    (stage.events / "unfinished").rename(stage.events / "answer-PermissionRequest")
    stage.waits()
    assert (stage.hooks("Stop")[0]["last_assistant_message"] == "no") is (behavior == "deny")


def test_a_limit_ends_the_turn_and_words_go_on(stage: Stage) -> None:
    stage.starts(fenced("limit rate_limit\nsay 'I am back.'"))
    stage.waits()
    assert stage.hooks("StopFailure")[0]["error"] == "rate_limit"
    assert stage.hooks("Stop") == []
    stage.presses("-l", "--", "go on")
    stage.presses("Enter")
    eventually(lambda: stage.hooks("Stop"), why="the end of the next turn")
    assert stage.hooks("Stop")[0]["last_assistant_message"] == "I am back."


@pytest.mark.parametrize("way", ["/exit", "C-c", "C-d", "hang up"])
def test_it_says_goodbye(stage: Stage, way: str) -> None:
    stage.starts(fenced("say hi"))
    stage.waits()
    if way == "hang up":
        os.kill(stage.pid(), signal.SIGHUP)
    elif way == "/exit":
        stage.presses("-l", "--", way)
        stage.presses("Enter")
    else:
        stage.presses(way)
    stage.ends("0")
    assert stage.hooks("SessionEnd")[0]["reason"] == ("other" if way == "hang up" else "prompt_input_exit")


def test_an_exit_is_a_crash_once(stage: Stage) -> None:
    stage.starts(fenced("run true\nexit 3\nsay 'I am back.'"))
    stage.ends("3")
    assert stage.order() == ["SessionStart", "UserPromptSubmit"]
    stage.starts("Guidance g0 from orchestra:\nGo on.", resume=True)
    stage.waits()
    assert stage.hooks("Stop")[0]["last_assistant_message"] == "I am back."


def test_a_script_that_cannot_be_read_ends_it_before_it_takes_its_prompt(stage: Stage) -> None:
    stage.starts(fenced("fly away"))
    stage.ends("2")
    assert "script line 1: there is no step 'fly'" in stage.screen()
    assert not (stage.events / "events").exists()
