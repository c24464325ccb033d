"""What the user does in a worker's pane is said as it is; a conversation that leaves its pane or its worktree is said
within a poll, and is not taken for the worker's end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.real_claude import Terminal

from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import KEY, clean_environment, private_home
from orchestra.agents.claude.selftest.script import bash

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]

QUIET = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")  # fmt: skip
# The user's own program, which does not keep to the worker's settings.
LOOSE = """#!/bin/sh
case " $* " in *" --settings "*)
    for word; do case $word in */settings.json)
        sed -i 's/"disableAgentView": true/"disableAgentView": false/; s/, "EnterWorktree"//; /"EnterWorktree"/d' "$word"
    esac; done
esac
exec {program} "$@"
"""


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi() as served:
        yield served


@pytest.fixture
def settle(repo: Path, home: Path, api: MessagesApi, git: Git) -> Callable[..., Person]:
    """A user whose worker #1 follows a script and waits at its prompt afterwards."""

    def settled(program: Path, *steps: dict[str, Any]) -> Person:
        private_home(home, repo)
        configure(repo, "tracker: local", f"agents: {{claude: {{command: {program}, env: [CLAUDE_CODE_DISABLE_*]}}}}")
        script = marker(bash("orchestra worker status working"), *steps, {"text": "I wait."})
        write_issue(repo, 1, "One", f"Do it.\n\n{script}")
        git("-C", repo, "add", ".")
        git("-C", repo, "commit", "-qm", "issues")
        person = Person(repo, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(QUIET, "1")})
        person.runs("up", "-d")
        person.runs("spawn", "1")
        eventually(lambda: person.asks("show", "1")["activity"]["state"] == "waiting", 120, "the end of its turn")
        eventually(lambda: "\u276f" in person.screen("1") and "esc to interrupt" not in person.screen("1"), 20)
        return person

    return settled


@pytest.fixture
def loose(claude_program: Path, tmp_path: Path) -> Path:
    program = tmp_path / "claude"
    program.write_text(LOOSE.format(program=claude_program))
    program.chmod(0o700)
    return program


def keys(person: Person, *names: str) -> None:
    pane = next(line.split()[0] for line in panes(person) if line.endswith(" 1"))
    person.tmux("send-keys", "-t", pane, *names)


def panes(person: Person) -> list[str]:
    return person.tmux("list-panes", "-a", "-F", "#{pane_id} #{@orchestra_worker}").splitlines()


def is_elsewhere(person: Person, words: str) -> bool:
    found = person.asks("show", "1")
    return words in found["elsewhere"] and found["attention"] == "unknown"


def test_the_left_arrow_does_nothing_in_a_workers_pane(settle: Callable[..., Person], claude_program: Path) -> None:
    person = settle(claude_program)
    session = person.asks("show", "1")["agentSession"]
    keys(person, "Left")
    keys(person, "x")
    eventually(lambda: "\u276f x" in person.screen("1").replace("\u00a0", " "), 20, "the box to take a key")
    found = person.asks("show", "1")
    assert (found["agentSession"], found["elsewhere"]) == (session, "")


def doing(person: Person, *states: str) -> bool:
    return person.asks("show", "1")["activity"]["state"] in states


def type_line(person: Person, line: str) -> None:
    keys(person, line)
    eventually(lambda: line in person.screen("1"), 20, f"{line} in the box")
    keys(person, "Enter")


def heard(api: MessagesApi, words: str) -> int:
    """How often the model was given these words as the user's, in the conversation as it is now."""
    asked = [request for request in api.requests if not request.side]
    return sum(text.count(words) for text in asked[-1].words) if asked else 0


@pytest.mark.nightly
def test_ctrl_z_does_not_leave_the_worker_suspended(
    settle: Callable[..., Person], claude_program: Path, api: MessagesApi
) -> None:
    person = settle(claude_program)
    keys(person, "C-z")
    eventually(lambda: "suspended" in person.screen("1"), 20, "it to be suspended")
    person.runs("tell", "1", "words for later")
    eventually(lambda: "suspended" not in person.screen("1"), 60, "it to be continued")
    eventually(lambda: heard(api, "words for later") == 1, 60, "the words, once")
    eventually(lambda: person.asks("show", "1")["guidance"][-1]["state"] in ("delivered", "read"), 30, "their proof")


@pytest.mark.nightly
@pytest.mark.parametrize("opened", ["/rewind", "/resume", "Escape Escape"])
def test_a_screen_that_the_user_opened_is_not_a_prompt(
    settle: Callable[..., Person], claude_program: Path, opened: str
) -> None:
    person = settle(claude_program)
    if opened.startswith("/"):
        type_line(person, opened)
    else:
        for name in opened.split():
            keys(person, name)
    eventually(lambda: doing(person, "blocked", "unknown"), 60, "the screen to be seen")
    keys(person, "Escape")
    eventually(lambda: doing(person, "waiting"), 60, "the prompt to be back")
    assert person.asks("show", "1")["elsewhere"] == ""


def test_clear_goes_on_with_another_conversation(
    settle: Callable[..., Person], claude_program: Path, api: MessagesApi
) -> None:
    person = settle(claude_program)
    before = person.asks("show", "1")["agentSession"]
    type_line(person, "/clear")
    eventually(lambda: person.asks("show", "1")["agentSession"] != before, 30, "the new conversation to be known")
    assert doing(person, "waiting")
    person.runs("tell", "1", "after the clear")
    eventually(lambda: heard(api, "after the clear") == 1, 30, "the words in the new conversation")
    assert person.asks("show", "1")["elsewhere"] == ""


@pytest.mark.nightly
def test_ctrl_c_twice_ends_the_agent_and_it_is_not_started_again(
    settle: Callable[..., Person], claude_program: Path
) -> None:
    person = settle(claude_program)
    keys(person, "C-c")
    keys(person, "C-c")
    eventually(lambda: ("ended", "tmux") in events(person), 30, "the end of its pane")
    eventually(lambda: "you ended its agent" in person.runs("list").out, 20, person.runs("list").out)
    assert doing(person, "ended")
    assert person.asks("show", "1")["attempts"]["restart"] == 0
    person.runs("restart", "1")
    eventually(lambda: doing(person, "waiting", "busy"), 60, "it to be back")


def events(person: Person) -> list[tuple[str, str]]:
    return [(entry["event"], entry["by"]) for entry in person.asks("log", "1")["events"]]


@pytest.mark.nightly
def test_the_program_is_updated_on_disk_and_bg_does_nothing(
    settle: Callable[..., Person], claude_program: Path, tmp_path: Path, api: MessagesApi
) -> None:
    program = tmp_path / "claude"
    program.symlink_to(claude_program)
    person = settle(program)
    session = person.asks("show", "1")["agentSession"]
    type_line(person, "/bg")
    program.unlink()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "9.9.9 (Claude Code)" && exit\nexec {claude_program} "$@"\n'
    )
    program.chmod(0o700)
    keys(person, "Escape")
    keys(person, "C-u")
    person.runs("tell", "1", "after the update")
    eventually(lambda: heard(api, "after the update") == 1, 60, "the words")
    person.runs("restart", "1")
    eventually(lambda: doing(person, "waiting", "busy"), 60, "it to be back")
    found = person.asks("show", "1")
    assert (found["elsewhere"], found["agentSession"]) == ("", session)


def test_a_conversation_that_was_moved_out_of_its_pane(settle: Callable[..., Person], loose: Path) -> None:
    person = settle(loose)
    keys(person, "Left")
    eventually(lambda: is_elsewhere(person, "in the background (process "), 120, "the daemon to be seen")
    listed = person.runs("list").out
    assert "unknown" in listed, listed
    moved = person.asks("show", "1")["agentSession"]  # newer versions go on with a copy under another id
    person.runs("tell", "1", "words", code=None)
    assert "words" not in person.screen("1")  # a box is shown there, but it begins other sessions
    keys(person, "C-c")
    keys(person, "C-c")
    eventually(lambda: "dead" in person.tmux("list-panes", "-a", "-F", "#{?pane_dead,dead,}"), 20, "the pane's end")
    eventually(lambda: is_elsewhere(person, "in the background (process "), 60, "it is still said")
    assert person.asks("show", "1")["attempts"]["restart"] == 0
    person.runs("restart", "1")
    eventually(lambda: person.asks("show", "1")["activity"]["state"] in ("waiting", "busy"), 60, "it to be back")
    found = person.asks("show", "1")
    assert (found["elsewhere"], found["agentSession"]) == ("", moved)


@pytest.mark.nightly
def test_the_same_conversation_in_another_terminal(
    settle: Callable[..., Person], claude_program: Path, terminal: Terminal, home: Path, api: MessagesApi
) -> None:
    person = settle(claude_program)
    found = person.asks("show", "1")
    again = [str(claude_program), "--resume", found["agentSession"]]
    terminal.run(again, Path(found["worktreePath"]), clean_environment(home, api.url))
    eventually(lambda: is_elsewhere(person, "also open in another terminal (process "), 30, "the second one to be seen")
    assert person.asks("show", "1")["agentSession"] == found["agentSession"]

    def ended() -> bool:
        terminal.keys("C-c")
        return terminal.dead

    eventually(ended, 20, "its end")
    eventually(lambda: person.asks("show", "1")["elsewhere"] == "", 20, "that it is over")
    assert person.asks("show", "1")["attention"] != "unknown"


def test_a_worktree_of_the_agents_own(settle: Callable[..., Person], loose: Path) -> None:
    person = settle(loose, {"tool": "EnterWorktree", "input": {"name": "mine"}})
    eventually(lambda: is_elsewhere(person, "which is not its worktree"), 30, "the other directory to be seen")


def test_no_worktree_of_its_own_by_the_workers_settings(settle: Callable[..., Person], claude_program: Path) -> None:
    person = settle(claude_program, {"tool": "EnterWorktree", "input": {"name": "mine"}})
    found = person.asks("show", "1")
    assert found["elsewhere"] == ""
    assert not (Path(found["worktreePath"]) / ".claude").exists()
