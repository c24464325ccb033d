"""The real Claude Code program in a real tmux pane, against the scripted Messages API on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.claude_pane import Sitting
from support.polling import eventually
from support.real_claude import Terminal

from orchestra.agents.claude import hooks
from orchestra.agents.claude import launch as claude
from orchestra.agents.claude.permissions import MODES
from orchestra.agents.claude.selftest import MessagesApi, marker, plan_of
from orchestra.agents.claude.selftest.sandbox import private_home
from orchestra.core.models import Answer

pytestmark = pytest.mark.real


@pytest.fixture
def sit(claude_program: Path, terminal: Terminal, repo: Path, home: Path, git: Callable[..., str]) -> Iterator[Sitting]:
    with MessagesApi() as api:
        sitting = Sitting(claude_program, api, terminal, repo, private_home(home, repo))
        yield sitting
        assert api.unknown == []
    assert git("-C", repo, "status", "--porcelain", "--ignored") == "", (
        "nothing that orchestra made appears in the repository"
    )
    assert not (home / ".claude" / "settings.json").exists()


def bash(command: str) -> dict[str, Any]:
    return {"tool": "Bash", "input": {"command": command}}


def test_a_whole_life(sit: Sitting) -> None:
    script = marker(
        bash("orchestra worker status working"), {"wait": True}, bash("orchestra worker ship"), {"text": "bye"}
    )
    sit.start(f"Do issue 124: `$(touch canary)`\n> {script}\nThank you.")
    assert sit.wait("turn-ended")["said"] == "I wait for an answer."
    assert sit.kinds() == ["started", "accepted", "turn-ended"]
    assert sit.events()[0][1] | {"transcript": ""} == {
        "session": sit.context.session,
        "source": "startup",
        "transcript": "",
    }
    assert (sit.directory / "heartbeat").read_text() == "\n"
    sit.say("Guidance g12 from human:\nuse blue\n\nGuidance g13 from monitor:\nCI failed")
    assert sit.wait("accepted", 2)["guidance"] == ["g12", "g13"]
    assert sit.wait("turn-ended", 2)["said"] == "bye"
    assert claude.accepted_in(sit.transcript, 0, ["g12", "g13", "g14"]) == {"g12", "g13"}
    assert [line.split()[1:] for line in (sit.home / "ran").read_text().splitlines()] == [
        ["worker", "status", "working"],
        ["worker", "ship"],
    ]
    sit.terminal.keys("C-c")
    sit.terminal.keys("C-c")
    assert sit.wait("ended") == {"reason": "prompt_input_exit"}


def test_its_cost_is_known_and_the_users_own_status_line_is_shown(sit: Sitting) -> None:
    sit.context = sit.context._replace(status_line="cat >/dev/null; echo 'my own line'")
    sit.start("go " + marker(bash("echo A"), {"text": "bye"}))
    sit.wait("turn-ended")
    assert eventually(lambda: claude.cost_in(str(sit.directory)), 30, "a cost above nothing")
    eventually(lambda: "my own line" in sit.terminal.screen(colours=False), 20, "the user's own status line")


def test_words_to_a_busy_agent_leave_two_proofs(sit: Sitting) -> None:
    sit.start("go " + marker(bash("sleep 2; echo A"), bash("echo B"), {"wait": True}, bash("echo C"), {"text": "end"}))
    eventually(lambda: sit.api.of(sit.context.session))
    eventually((sit.directory / "heartbeat").exists)
    began = Path(sit.transcript).stat().st_size if Path(sit.transcript).exists() else 0
    sit.say("Guidance g12 from human:\nuse blue")
    eventually(lambda: claude.enqueued_in(sit.transcript, began, ["g12"]), 5)
    assert claude.accepted_in(sit.transcript, began, ["g12"]) == set(), "taken from the box, not yet seen by the model"
    assert sit.box() == ""
    assert sit.wait("turn-ended")["said"] == "end"
    assert claude.accepted_in(sit.transcript, began, ["g12"]) == {"g12"}
    accepted = [data for kind, data in sit.events() if kind == "accepted"]
    assert len({data["prompt"] for data in accepted}) == 1, "a hook that speaks of it names the turn that runs"
    assert "Guidance g12 from human:\nuse blue" in sit.api.of(sit.context.session)[-1].words


@pytest.mark.parametrize("lines", [2, 40])
def test_words_that_no_tool_call_absorbs_begin_the_next_turn(lines: int, sit: Sitting) -> None:
    sit.start("go " + marker({"text": "slow", "delay": 4}, {"wait": True}, {"text": "end"}))
    eventually(lambda: sit.api.of(sit.context.session))
    sit.say("Guidance g12 from human:\n" + "\n".join(f"line {number}" for number in range(lines - 1)))
    assert sit.wait("turn-ended", 2)["said"] == "end"
    eventually(lambda: claude.accepted_in(sit.transcript, 0, ["g12"]) == {"g12"}, why="the record, written after Stop")


def test_a_hook_hands_words_to_a_busy_agent(sit: Sitting) -> None:
    told = {"hookEventName": "PostToolUse", "additionalContext": "Guidance g12 from human:\nuse blue"}
    Path(f"{sit.hook}.says").write_text(json.dumps({"hookSpecificOutput": told}))
    (sit.directory / "mailbox").touch()
    sit.start("go " + marker(bash("echo A"), {"wait": True}, {"text": "end"}))
    assert sit.wait("turn-ended")["said"] == "end", "the words came in time for the wait"
    assert len(sit.hooks("PostToolUse")) == 1
    assert "Guidance g12 from human:\\nuse blue" in json.dumps(sit.api.of(sit.context.session)[-1].body["messages"])
    eventually(lambda: claude.accepted_in(sit.transcript, 0, ["g12"]) == {"g12"}, why="the record, written after Stop")


DENIED = (
    "gh pr merge 12 --squash",
    "cd . && gh pr merge 12",
    "gh -R acme/widgets pr merge 12",
    "GH_TOKEN=x timeout 5 gh pr merge 12",
    "/usr/bin/gh pr merge 12",
    "bash -c 'gh pr merge 12'",
    "gh api -X PUT repos/acme/widgets/pulls/12/merge",
    "gh api graphql -f query='mutation { mergePullRequest(x) }'",
    "git push --force",
    "cd . && git push --force origin issue-124",
    "git push origin issue-124 --force-with-lease",
    "git push -f",
    "git push -f origin x",
    "git push origin x -f",
    "git push -uf origin x",
    "git push origin +issue-124",
    "git -C . push --force",
    "git -c a.b=c push origin x --force",
    "/usr/bin/git push --force origin x",
    "git push origin main",
    "git push -u origin main",
    "git push origin HEAD:main",
    "git push origin x:refs/heads/main",
    "git push origin 'main'",
    "git push origin main --no-verify",
    "git push --mirror",
    "tmux kill-server",
    "tmux -L orchestra list-panes",
    "tmux -S /tmp/tmux-0/orchestra kill-session",
    "git worktree remove ../x",
    "git -C .. worktree prune",
    "echo x >{own}/sessions/a",
    "rm {own}/sessions/a",
    "cp README.md {own}/sessions/b",
    "cat {own}/token-github.com",
)
ALLOWED = (
    "git push -u origin issue-124",
    "git push origin HEAD:refs/heads/issue-124",
    "git push origin remain",
    "git push --follow-tags origin issue-124-fix-f",
    "gh pr create --title 'merge main' --body x",
    "gh pr view 12 --json mergeable",
    "git fetch origin main",
    "git merge --ff-only main",
    "tmux -L mine list-sessions",
    "git worktree list",
    "cat {own}/sessions/a",
)


@pytest.mark.parametrize("profile", ["standard", "bypass"])
def test_what_is_refused_in_every_mode(profile: str, sit: Sitting) -> None:
    own = Path(sit.context.home)
    (own / "token-github.com").write_text("T0KEN\n")
    (own / "sessions" / "a").write_text("mine\n")
    commands = [command.replace("{own}", str(own)) for command in (*DENIED, *ALLOWED)]
    step = {"tools": [{"name": "Bash", "input": {"command": command}} for command in commands]}
    sit.start("go " + marker(step, {"text": "end"}), permissions=profile)
    sit.wait("turn-ended")
    results = dict(zip(commands, sit.results(), strict=True))
    refused = [command for command in commands if "has been denied" in results[command]]
    assert refused == commands[: len(DENIED)]
    assert "blocked" not in sit.kinds()
    assert (own / "sessions" / "a").read_text() == "mine\n"
    ran = (sit.home / "ran").read_text().splitlines()
    assert len(ran) == 2, ran
    assert "T0KEN" not in json.dumps(results)


def test_a_write_outside_asks_and_the_answer_is_seen(sit: Sitting) -> None:
    def write(path: Path) -> dict[str, Any]:
        return {"tool": "Write", "input": {"file_path": str(path), "content": "x"}}

    inside, outside = sit.repo / "inside.txt", sit.home / "outside.txt"
    sit.start("go " + marker(write(inside), write(outside), bash(f"rm {inside}"), {"text": "end"}))
    asked = sit.wait("blocked")
    assert (asked["gate"], asked["summary"]) == ("permission", f"Write: {outside}")
    assert inside.exists()
    (sit.directory / "blocked").touch()
    eventually(lambda: claude.dialog_open(sit.terminal.screen()))
    assert sit.box() is None
    sit.terminal.keys("Enter")
    assert sit.wait("unblocked")["request"] == asked["request"]
    (sit.directory / "blocked").unlink()
    sit.wait("turn-ended")
    assert outside.read_text() == "x"
    assert not claude.dialog_open(sit.terminal.screen())


@pytest.mark.parametrize("profile", ["standard", "bypass"])
def test_a_question_is_a_gate(profile: str, sit: Sitting) -> None:
    option = {"label": "Dark", "description": "light on black"}
    question = {
        "question": "Which?",
        "header": "H",
        "multiSelect": False,
        "options": [option, {**option, "label": "Light"}],
    }
    sit.start(
        "go " + marker({"tool": "AskUserQuestion", "input": {"questions": [question]}}, {"text": "end"}),
        permissions=profile,
    )
    asked = sit.wait("blocked")
    assert (asked["gate"], asked["summary"], asked["options"]) == ("question", "Which?", ["Dark", "Light"])
    (sit.directory / "blocked").touch()
    eventually(lambda: claude.dialog_open(sit.terminal.screen()))
    sit.terminal.keys("2")
    assert sit.wait("unblocked")["request"] == asked["request"]
    sit.wait("turn-ended")
    assert "Light" in sit.results()[-1]


def test_after_a_plan_it_goes_on_editing(sit: Sitting) -> None:
    inside = sit.home / "widgets (2) [x]" / "in.txt"
    inside.parent.mkdir()
    private_home(sit.home, inside.parent)
    sit.repo, sit.context = inside.parent, sit.context._replace(worktree=str(inside.parent))
    edit = {"tool": "Write", "input": {"file_path": str(inside), "content": "x"}}
    sit.start("go " + marker({"tool": "EnterPlanMode", "input": {}}, *plan_of("1. Do it"), edit, {"text": "end"}))
    asked = sit.wait("blocked")
    assert (asked["gate"], asked["context"]) == ("plan", "1. Do it")
    sit.choose("1")
    sit.wait("turn-ended")
    assert inside.exists()
    assert sit.kinds().count("blocked") == 1, "edits in the worktree are allowed by rule, in whichever mode it goes on"


PLAN_SAYS = """
[ "$1" != PermissionRequest ] || [ ! -e "$0.answer" ] || { cat "$0.answer"; rm "$0.answer"; }
"""


@pytest.mark.parametrize("profile", ["strict", "standard", "bypass"])
@pytest.mark.parametrize("begins", ["auto", "review"])
def test_an_approved_plan_goes_on_in_the_workers_own_mode(begins: str, profile: str, sit: Sitting) -> None:
    """Whether the agent entered plan mode by itself or was started in it."""
    given = {"tool_name": "ExitPlanMode", "tool_input": {"plan": "1. Do it"}}
    mode = MODES[profile]
    sit.hook.write_text(sit.hook.read_text() + PLAN_SAYS)
    Path(f"{sit.hook}.answer").write_text(json.dumps(hooks.decision(Answer("", "allow"), given, mode)))
    enters = [{"tool": "EnterPlanMode", "input": {}}] if begins == "auto" else []
    steps = (*enters, *plan_of("1. Do it"), {"text": "end"})
    sit.start("go " + marker(*steps), permissions=profile, plan=begins)
    assert sit.wait("turn-ended")["said"] == "end"
    assert sit.hooks("Stop")[0]["permission_mode"] == mode
    assert "approved your plan" in sit.results()[-1]


def test_in_plan_mode_a_command_is_not_asked_about(sit: Sitting) -> None:
    """Behind a gateway of one's own the program's safety check cannot be reached, and no hook tells of its dialog."""
    sit.start("go " + marker(bash("orchestra worker status planning"), {"text": "end"}), plan="review")
    assert sit.wait("turn-ended")["said"] == "end"
    assert (sit.home / "ran").exists()
    assert sit.kinds() == ["started", "accepted", "turn-ended"]


def test_the_pane_keeps_its_history_and_its_session(sit: Sitting) -> None:
    """No full-screen renderer; the left arrow does not move the session into a background daemon."""
    sit.start("go " + marker({"text": "hi"}, {"wait": True}, {"text": "end"}))
    sit.wait("turn-ended")
    assert sit.terminal.format("#{alternate_on} #{mouse_any_flag}") == "0 0"
    for key in ("Left", "Left"):
        sit.terminal.keys(key)
    sit.say("/bg")
    sit.say("go on")
    assert sit.wait("turn-ended", 2)["said"] == "end"
    assert {payload["session_id"] for payload in sit.hooks()} == {sit.context.session}
    assert not daemons(sit.home), "a background daemon"


@pytest.mark.parametrize("tool", ["EnterWorktree", "ExitWorktree"])
def test_an_agent_makes_no_worktree_of_its_own(tool: str, sit: Sitting, git: Callable[..., str]) -> None:
    given = {"name": "mine"} if tool == "EnterWorktree" else {"action": "keep"}
    sit.start("go " + marker({"tool": tool, "input": given}, {"text": "end"}))
    sit.wait("turn-ended")
    assert len(git("-C", sit.repo, "worktree", "list").splitlines()) == 1
    assert sit.hooks("Stop")[0]["cwd"] == str(sit.repo)


def daemons(home: Path) -> list[str]:
    """Processes of a background daemon that belong to this test's home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"HOME={home}\0".encode() in path.read_bytes():
                found.append((path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in found if "daemon run" in line or "bg-pty-host" in line]


def test_a_background_shell_leaves_it_waiting_and_wakes_it_unasked(sit: Sitting) -> None:
    shell = {"tool": "Bash", "input": {"command": "sleep 4; echo done", "run_in_background": True}}
    sit.start("go " + marker(shell, {"text": "started"}, {"text": "woke"}))
    assert sit.wait("turn-ended")["background"] == "its shell: sleep 4; echo done"
    assert sit.wait("turn-ended", 2)["background"] == ""
    assert [data["typed"] for kind, data in sit.events() if kind == "accepted"] == [True, False]


@pytest.mark.nightly  # its minute has to come
def test_a_scheduled_prompt_is_not_the_users(sit: Sitting) -> None:
    loads = {"tool": "ToolSearch", "input": {"query": "select:CronCreate"}}
    cron = {"tool": "CronCreate", "input": {"cron": "* * * * *", "prompt": "look at CI", "recurring": False}}
    sit.start("go " + marker(loads, cron, {"text": "started"}, {"text": "woke"}))
    ended = sit.wait("turn-ended")
    assert ended["background"] == "a scheduled wake-up: look at CI"
    eventually(lambda: sit.kinds().count("accepted") == 2, 100, "the scheduled prompt")
    accepted = [data for kind, data in sit.events() if kind == "accepted"]
    assert accepted[1]["wording"] in ended["scheduled"]
    shutil.rmtree(sit.repo / ".claude", ignore_errors=True)  # the program's own lock for what it has scheduled


def test_a_plan_is_the_agents_or_the_users(sit: Sitting) -> None:
    """Shift+Tab is the user's wish to see a plan; EnterPlanMode is the agent's own."""
    own = marker({"tool": "EnterPlanMode", "input": {}}, *plan_of("1. Mine"), {"text": "end"})
    sit.start("go " + own)
    sit.wait("blocked")
    assert hooks.plan_is_the_agents(sit.hooks("PermissionRequest")[0])
    sit.choose("Escape")
    eventually(lambda: sit.box() == "")
    for _ in range(6):
        if "plan mode on" in sit.terminal.screen(colours=False):
            break
        sit.terminal.keys("BTab")
        eventually(lambda: sit.box() == "")
    sit.say("show me the plan first " + marker(*plan_of("1. Yours"), {"text": "end"}))
    assert sit.wait("blocked", 2)["context"] == "1. Yours"
    assert not hooks.plan_is_the_agents(sit.hooks("PermissionRequest")[1])
    sit.terminal.keys("Escape")


def test_the_strict_profile(sit: Sitting) -> None:
    read = {"tool": "Read", "input": {"file_path": f"{sit.repo}/README.md"}}
    project = bash(f"{sit.context.orchestra_argv[0]} worker show")
    script = marker(read, project, bash("orchestra worker status working"), bash("touch no.txt"), {"text": "end"})
    # The prompt is too long for an argument, so the program is told to read it from the file.
    sit.api.script(
        "prompt.md",
        marker({"tool": "Read", "input": {"file_path": f"{sit.directory}/prompt.md"}}, *json.loads(script[7:-2])),
    )
    sit.start("x" * 101_000, permissions="strict", ask=("Bash(echo (*)",))  # a rule that would stop it with a dialog
    assert sit.wait("blocked")["summary"] == "Bash: touch no.txt"
    assert len((sit.home / "ran").read_text().splitlines()) == 2
    assert "# widgets" in sit.results()[1]
    eventually(lambda: claude.dialog_open(sit.terminal.screen()))
    sit.terminal.keys("Escape")
    eventually(lambda: sit.box() == "")
    assert not (sit.repo / "no.txt").exists()


def test_a_killed_agent_goes_on(sit: Sitting) -> None:
    once = f"mkdir {sit.home}/once && sleep 60; echo B"
    sit.start("go " + marker(bash("echo A"), bash(once), bash("echo C"), {"text": "end"}))
    eventually((sit.home / "once").exists)
    eventually(lambda: '"content":"A"' in Path(sit.transcript).read_text())  # what it had not yet written is lost
    os.kill(sit.terminal.pid, signal.SIGKILL)
    eventually(lambda: sit.terminal.dead)
    assert claude.conversation_exists(sit.context.session, sit.environment)
    sit.start("Guidance g1 from human:\ngo on", resume=True)
    assert sit.wait("turn-ended")["said"] == "end"
    assert [data["source"] for kind, data in sit.events() if kind == "started"] == ["startup", "resume"]
    assert sit.wait("accepted", 2)["guidance"] == ["g1"]
    first, cut, last = (result.split("\n")[-1] for result in sit.results())
    assert (first, last) == ("A", "C")
    said = ("outcome is unknown", "interrupted by user")  # in the words of 2.1.197 and 2.1.332, and of 2.1.265
    assert cut == "B" or any(words in cut for words in said), "a call that was cut off is made again, or said to be"


def test_a_conversation_killed_at_birth_needs_another_id(sit: Sitting) -> None:
    """Neither --resume nor --session-id takes a transcript without a message."""
    sit.start("go " + marker({"text": "hi"}))
    sit.wait("turn-ended")
    os.kill(sit.terminal.pid, signal.SIGKILL)
    eventually(lambda: sit.terminal.dead)  # it would write on
    Path(sit.transcript).write_text('{"type":"mode","mode":"normal"}\n')
    assert not claude.conversation_exists(sit.context.session, sit.environment)
    for resume in (True, False):
        sit.start("go", resume=resume)
        eventually(lambda: sit.terminal.dead)
        found = claude.startup_problem(sit.terminal.past())
        assert found is not None
        assert found.kind == "conversation"
    sit.context = sit.context._replace(session=claude.session_to_begin(sit.context.session, sit.environment))
    sit.start("go " + marker({"text": "again"}))
    assert sit.wait("turn-ended", 2)["said"] == "again"


def test_the_orchestrator_hears_what_has_changed(sit: Sitting) -> None:
    told = {"hookEventName": "UserPromptSubmit", "additionalContext": "#124 is stuck"}
    Path(f"{sit.hook}.says").write_text(json.dumps({"hookSpecificOutput": told}))
    sit.context = sit.context._replace(worker="orchestrator")
    sit.start("Hello. " + marker(bash("orchestra list"), {"text": "done"}))
    eventually(
        lambda: "#124 is stuck" in json.dumps([request.body["messages"] for request in sit.api.of(sit.context.session)])
    )
    eventually((sit.home / "ran").exists)
    assert [payload["hook_event_name"] for payload in sit.hooks()] == ["UserPromptSubmit"]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        pytest.param(None, "onboarding", id="never set up"),
        pytest.param(
            {"hasCompletedOnboarding": True, "customApiKeyResponses": {"approved": ["test-key"]}}, "trust", id="trust"
        ),
    ],
)
def test_why_a_start_does_not_come_up(state: dict[str, Any] | None, kind: str, sit: Sitting) -> None:
    (sit.home / ".claude.json").unlink()
    if state:
        (sit.home / ".claude.json").write_text(json.dumps(state))
    sit.start("go " + marker({"text": "hi"}))
    found = eventually(lambda: claude.startup_problem(sit.terminal.past()), 30)
    assert found is not None
    assert found.kind == kind
    assert sit.hooks() == []


def test_the_program_is_asked_for_its_version(claude_program: Path, claude_version: str) -> None:
    assert claude.version(str(claude_program), dict(os.environ)) == claude_version
