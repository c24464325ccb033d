from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_mock import MockerFixture
from support.paths import DATA

from orchestra import agents
from orchestra.agents import base
from orchestra.agents.claude import hooks, payload_words, users_settings
from orchestra.agents.claude import launch as claude
from orchestra.agents.claude.limits import resets_at
from orchestra.core.models import AgentContext, AgentOptions
from orchestra.core.text import seconds_of
from orchestra.errors import UsageError

pytestmark = pytest.mark.fast

SAMPLES = DATA / "hook_samples"
SESSION = "0b5a7c6e-1d2f-4a3b-8c4d-5e6f7a8b9c0d"
SEAT = AgentContext(
    worker="124",
    nonce="n0nce",
    session=SESSION,
    worktree="/home/dev/widgets-issue-124",
    directory="/home/dev/.orchestration/sessions/acme-widgets/124",
    home="/home/dev/.orchestration",
    project="acme-widgets",
    base="main",
    hook=("/opt/py", "-I", "/opt/hook.py", "claude"),
    orchestra_argv=("/home/dev/.orchestration/bin/orchestra",),
)
MARK = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
CURL = "curl -s https://example.invalid/x"


TYPED = {"typed": True, "prompt": "3f1d9a52-6f0e-4c55-9f0e-1d0f5c1f7a11"}


def sample(name: str) -> tuple[str, dict[str, Any]]:
    return name.partition(".")[0], json.loads((SAMPLES / f"{name}.json").read_text())


def screen(name: str) -> str:
    return (SAMPLES / f"screen.{name}.txt").read_text()


def gate(
    kind: str, summary: str, context: str = "", options: tuple[str, ...] = (), rule: str = ""
) -> tuple[str, dict[str, Any]]:
    facts = {"gate": kind, "summary": summary, "context": context, "options": list(options)}
    return "blocked", {**facts, "rule": rule} if rule else facts


def test_what_an_answer_from_elsewhere_is_made_for() -> None:
    _, told = hooks.event_of(*sample("PermissionRequest.AskUserQuestion_two")) or ("", {})
    assert told["questions"] == [
        {"question": "Which colours?", "options": ["Dark", "Light"], "many": False},
        {"question": "Which font?", "options": ["Serif"], "many": True},
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SessionStart.startup", ("started", {"session": SESSION, "source": "startup"})),
        ("SessionStart.resume", ("started", {"session": SESSION, "source": "resume"})),
        ("SessionStart.clear", ("started", {"session": SESSION, "source": "clear"})),
        ("UserPromptSubmit.first", ("accepted", {"session": SESSION, "guidance": [], **TYPED})),
        ("UserPromptSubmit.guidance", ("accepted", {"session": SESSION, "guidance": ["g12", "g13"], **TYPED})),
        ("Stop.done", ("turn-ended", {"background": "", "said": "Dark mode is in.\nAll tests pass.", "scheduled": []})),
        (
            "Stop.background",
            ("turn-ended", {"background": "its shell: make test", "said": "The tests run.", "scheduled": []}),
        ),
        ("Stop.in_subagent", None),
        ("PermissionRequest.Bash", gate("permission", f"Bash: {CURL}", "Fetch the palette", rule=f"Bash({CURL})")),
        (
            "PermissionRequest.Write",
            gate("permission", "Write: /home/dev/notes.txt", rule="Write(/home/dev/notes.txt)"),
        ),
        ("PermissionRequest.Bash_in_subagent", gate("permission", "Bash: npm publish", rule="Bash(npm publish)")),
        (
            "PermissionRequest.AskUserQuestion",
            gate("question", "Which colours?", "- Dark: light on black\n- Light: black on white", ("Dark", "Light")),
        ),
        (
            "PermissionRequest.AskUserQuestion_two",
            gate(
                "question",
                "Which colours? / Which font?",
                "Which colours?\n- Dark: light on black\n- Light: black on white\nWhich font?\n- Serif: with feet",
            ),
        ),
        (
            "PermissionRequest.ExitPlanMode",
            gate("plan", "It has a plan and wants it approved", "1. Read the theme\n2. Change it"),
        ),
        ("Notification.permission_prompt", gate("permission", "Claude needs your permission")),
        ("Notification.idle_prompt", None),
        ("SessionEnd.prompt_input_exit", ("ended", {"reason": "prompt_input_exit"})),
        ("SessionEnd.other", ("ended", {"reason": "other"})),
    ],
)
def test_hooks_as_events(name: str, expected: tuple[str, dict[str, Any]] | None) -> None:
    found = hooks.event_of(*sample(name))
    if found is not None and expected is not None:
        found[1].pop("questions", None)
        extra = {key: found[1].pop(key) for key in ("request", "transcript", "wording") if key in found[1]}
        assert all(isinstance(value, str) for value in extra.values())
    assert found == expected


@pytest.mark.parametrize(
    ("name", "kind", "detail", "fix"),
    [
        ("authentication_failed", "authentication_failed", "Please run /login · API Error: 403 forbidden", "/login"),
        ("rate_limit", "rate_limit", "You've hit your session limit · resets 3:30pm (Europe/Paris)", "resets"),
        ("invalid_request", "invalid_request", "400 prompt is too long: 250000 tokens > 200000 maximum", "/compact"),
    ],
)
def test_failures_say_what_to_do(name: str, kind: str, detail: str, fix: str) -> None:
    found = hooks.event_of(*sample(f"StopFailure.{name}"))
    assert found is not None
    assert (found[0], found[1]["kind"], found[1]["detail"]) == ("limited", kind, detail)
    assert fix in found[1]["mend"]


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (("shell", "shell"), "its shell and 1 more: 0"),
        (("shell", "subagent"), "its subagent and 1 more: 1"),  # work of its own is named first
        (("monitor",), "its monitor: 0"),
        (("memory save",), ""),
    ],
)
def test_what_an_agent_has_left_running_is_named(kinds: tuple[str, ...], said: str) -> None:
    tasks = [{"type": kind, "status": "running", "description": str(place)} for place, kind in enumerate(kinds)]
    found = hooks.event_of("Stop", {**sample("Stop.background")[1], "background_tasks": tasks})
    assert found is not None
    assert found[1]["background"] == said


NOW = seconds_of("2026-01-08T11:15:00Z")


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("You've hit your session limit · resets 3:30pm (Europe/Paris)", "2026-01-08T14:30:00Z"),
        ("You've hit your session limit · resets 3pm (UTC)", "2026-01-08T15:00:00Z"),
        ("resets 9am (UTC)", "2026-01-09T09:00:00Z"),
        ("resets 12am (UTC)", "2026-01-09T00:00:00Z"),
        ("You've hit your weekly limit · resets Jan 12, 3pm (UTC)", "2026-01-12T15:00:00Z"),
        ("resets Feb 1, 2027, 12:05pm (America/New_York)", "2027-02-01T17:05:00Z"),
        ("Claude AI usage limit reached|1767870000", "2026-01-08T11:00:00Z"),
        ("resets 99pm (UTC)", None),
        ("resets 3pm (No/Where)", None),
        ("resets Feb 31, 3pm (UTC)", None),
        ("API Error: 529 Overloaded", None),
    ],
)
def test_when_a_limit_resets(text: str, until: str | None) -> None:
    assert resets_at(text, NOW) == until


def test_a_clock_time_without_a_clock_is_unknown() -> None:
    assert resets_at("resets 3pm (UTC)", None) is None


@pytest.mark.parametrize(
    ("asked", "ended", "same"),
    [
        ("PermissionRequest.Bash", "PostToolUse.Bash", True),
        ("PermissionRequest.AskUserQuestion", "PostToolUse.AskUserQuestion", True),
        ("PermissionRequest.ExitPlanMode", "PostToolUse.ExitPlanMode", True),
        ("PermissionRequest.Bash_in_subagent", "PostToolUseFailure.Bash", False),  # the agent's own call of the same
        ("PermissionRequest.Write", "PostToolUse.Bash", False),
    ],
)
def test_the_tool_that_asked_is_known_again_when_it_has_run(asked: str, ended: str, same: bool) -> None:
    blocked, unblocked = hooks.event_of(*sample(asked)), hooks.event_of(*sample(ended))
    assert blocked is not None
    assert unblocked is not None
    assert unblocked[0] == "unblocked"
    assert (blocked[1]["request"] == unblocked[1]["request"]) is same


def test_a_subagents_tool_is_known_again_when_it_has_run() -> None:
    asked = hooks.event_of(*sample("PermissionRequest.Bash_in_subagent"))
    hook, payload = sample("PostToolUseFailure.Bash")
    ended = hooks.event_of(hook, {**payload, "agent_id": "a1b2c3d4e5f6a7b8c"})
    assert asked is not None
    assert ended is not None
    assert asked[1]["request"] == ended[1]["request"]


def test_an_empty_plan_is_not_called_a_plan() -> None:
    hook, payload = sample("PermissionRequest.ExitPlanMode")
    found = hooks.event_of(hook, {**payload, "tool_input": {}})
    assert found is not None
    assert (found[1]["gate"], found[1]["summary"]) == ("plan", "It wants to begin without a written plan")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\ud800", "a" * 500, "\x1b[2J"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted({key for path in SAMPLES.glob("*.json") for key in json.loads(path.read_text())} | {"questions"})
PAYLOADS = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8) | JSON
EVENTS = st.sampled_from([*claude.HOOKS, *claude.BEATS, "Unknown", ""])


@given(EVENTS, PAYLOADS, st.none() | st.floats())
def test_no_payload_raises_or_leaves_a_control_character(hook: str, payload: Any, now: float | None) -> None:
    found = hooks.event_of(hook, payload, now)
    if found is not None:
        text = json.dumps(found, ensure_ascii=False)
        text.encode()  # a lone surrogate would not go into a journal
        assert "\x1b" not in text


@given(st.sampled_from(["tool_input", "tool_name"]), JSON, JSON)
def test_no_tool_call_raises(key: str, value: Any, questions: Any) -> None:
    for tool in ("AskUserQuestion", "ExitPlanMode", "Bash"):
        payload = {
            "tool_name": tool,
            "tool_input": {"questions": questions, "plan": value, "command": value},
            key: value,
        }
        assert hooks.event_of("PermissionRequest", payload) is not None


@pytest.mark.parametrize(
    ("prompt", "ids"),
    [
        ("Guidance g12 from human:\nblue", ["g12"]),
        ("\nGuidance g1 from human:\nblue\nGuidance g2 from monitor:\nred", ["g1", "g2"]),
        ("Look: Guidance g12 from human:\nblue", []),
        ("what about\nGuidance g12 from human:\nblue", []),
        ("Guidance g12 from human: blue", []),
        ("Guidance gx from human:\n", []),
        ("", []),
    ],
)
def test_guidance_is_known_by_its_first_line(prompt: str, ids: list[str]) -> None:
    assert payload_words.guidance_ids(prompt) == ids


def test_what_the_transcript_proves(tmp_path: Path) -> None:
    def said(number: int) -> str:
        return f"Guidance g{number} from human:\nblue"

    lines: list[Any] = [
        {"type": "user", "message": {"role": "user", "content": said(1)}},
        {"type": "queue-operation", "operation": "enqueue", "content": said(2)},
        {"type": "queue-operation", "operation": "enqueue", "content": said(3)},
        {"type": "attachment", "attachment": {"type": "queued_command", "prompt": said(3)}},
        {"type": "user", "message": {"content": [{"type": "text", "text": said(4)}]}},
        {"type": "user", "message": {"content": [{"type": "tool_result", "content": said(5)}]}},
        {"type": "assistant", "message": {"content": [{"type": "text", "text": said(6)}]}},
        {"type": "user", "isSidechain": True, "message": {"content": said(7)}},
        {"type": "user", "message": said(8)},
        [said(8)],
        {"type": "attachment", "attachment": {"type": "hook_additional_context", "content": [said(10), 1]}},
        {"type": "attachment", "attachment": {"type": "hook_success", "content": said(11), "stdout": said(11)}},
        {"type": "user", "isMeta": True, "message": {"content": f"Stop hook feedback:\n{said(12)}"}},
        {"type": "user", "message": {"content": said(9)}},
    ]
    path = str(tmp_path / "transcript.jsonl")
    text = "\n".join(map(json.dumps, lines))
    Path(path).write_text(text[:-3])  # the last line is still being written
    every = [f"g{number}" for number in range(1, 13)]
    given_to_it = {"g3", "g4", "g10", "g12"}
    assert claude.accepted_in(path, 0, every) == {"g1"} | given_to_it
    assert claude.enqueued_in(path, 0, every) == {"g1", "g2"} | given_to_it
    assert claude.accepted_in(path, len(json.dumps(lines[0])) + 1, every) == given_to_it
    assert claude.accepted_in(path, 10**9, ["g1"]) == {"g1"}, "a shorter file is another conversation: read it all"
    assert claude.accepted_in(str(tmp_path / "none"), 0, every) == set()


BOXES = {
    "box-empty": "",
    "box-typed": "half a sentence",
    "box-typed-cursor-inside": "half a sentence",
    "box-two-lines": "one\ntwo",
    "box-pasted": "[Pasted text #1 +11 lines]",
    "box-queued-hint": "",
    "box-slash-menu": "/model",
}
DIALOGS = (
    "dialog-permission",
    "dialog-question",
    "dialog-plan",
    "dialog-model",
    "trust",
    "api-key",
    "bypass",
    "mcp",
    "imports",
)
TROUBLES = ("trust", "api-key", "bypass", "mcp", "imports", "onboarding", "login")


@pytest.mark.parametrize("name", BOXES)
def test_the_text_in_the_prompt_box(name: str) -> None:
    assert claude.composer_text(screen(name)) == BOXES[name]
    assert claude.at_work(screen(name)) is (name == "box-queued-hint")
    assert not claude.dialog_open(screen(name))


AGAIN = [
    ("\u273b 429 slow down \u00b7 retrying in 21s \u00b7 attempt 7/10", "the API answers 429 slow down"),
    (
        "\u2722 401 Invalid bearer token \u00b7 retrying in 2s \u00b7 attempt 3/10",
        "the API answers 401 Invalid bearer token",
    ),
    ("\u273b API error \u00b7 Retrying in 39s \u00b7 attempt 8/10", "the API answers with an error"),
    ("\u273b Rate limit reached (3:30pm) \u00b7 Retrying in 1m \u00b7 attempt 8/10", "Rate limit reached"),
    ("\u273b Waiting for API response \u00b7 will retry in 20s \u00b7 check your network", "the API does not answer"),
    (
        "\u273b No response from the API after 5m \u00b7 retrying, waiting up to 10m \u00b7 attempt 1/10",
        "the API does not answer",
    ),
    (
        "\u273b Auto mode check unavailable \u00b7 next try in 5s \u00b7 attempt 1/10 \u00b7 esc to interrupt",
        "Auto mode check unavailable",
    ),
    ("\u25cf API error \u00b7 Retrying in 39s \u00b7 attempt 8/10", ""),  # the agent says so
    ("  \u23bf  \u273b API error \u00b7 Retrying in 39s", ""),  # and a command
    ("\u273b Levitating\u2026 (3s \u00b7 \u2193 26 tokens)", ""),
]


@pytest.mark.parametrize(("line", "why"), AGAIN)
def test_an_api_that_is_asked_again_is_a_turn_that_runs(line: str, why: str) -> None:
    shown = screen("box-empty").replace(MARK, f"{line}\n{MARK}", 1) if why else f"{line}\n"
    assert claude.retrying(shown) == why
    assert not why or claude.at_work(shown)


OFF, ON = {"disableAllHooks": True}, {"disableAllHooks": False}


@pytest.mark.parametrize(
    ("files", "off"),
    [
        ({}, ""),
        ({"home/.claude/settings.json": OFF}, "home/.claude/settings.json"),
        ({"home/.claude/settings.json": {"disableAllHooks": "no"}}, ""),
        ({"home/.claude/settings.json": [1]}, ""),
        ({"home/.claude/settings.json": OFF, "repo/.claude/settings.json": ON}, ""),
        ({"repo/.claude/settings.json": OFF}, "repo/.claude/settings.json"),
        (
            {"repo/.claude/settings.json": ON, "repo/.claude/settings.local.json": OFF},
            "repo/.claude/settings.local.json",
        ),
        ({"etc/managed-settings.json": {"allowManagedHooksOnly": True}}, "etc/managed-settings.json"),
        ({"etc/managed-settings.json": OFF, "home/.claude/settings.json": ON}, "etc/managed-settings.json"),
    ],
)
def test_where_the_users_settings_switch_hooks_off(files: dict[str, object], off: str, tmp_path: Path) -> None:
    for name, found in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(found))
    found = users_settings.hooks_off({"HOME": f"{tmp_path}/home"}, f"{tmp_path}/repo", f"{tmp_path}/etc")
    assert found == (off and f"{tmp_path}/{off}")


def test_without_colours_the_known_hints_are_still_no_text() -> None:
    for name, text in BOXES.items():
        assert claude.composer_text(re.sub(r"\x1b\[[\d;]*m", "", screen(name))) == text


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_is_no_place_for_a_paste(name: str) -> None:
    assert claude.composer_text(screen(name)) is None
    assert claude.dialog_open(screen(name))


def test_a_box_that_the_agent_printed_above_a_dialog_is_not_believed() -> None:
    rule = "─" * 120
    shown = f"{rule}\n{MARK} \n{rule}\n" + screen("dialog-permission")
    assert claude.composer_text(shown) is None
    assert claude.dialog_open(shown)


def test_a_suspended_program_takes_no_paste() -> None:
    shown = screen("box-empty")
    assert claude.composer_text(shown) == ""
    assert not claude.suspended(shown)
    left = f"{shown}\nClaude Code is suspended. Run `fg` to bring it back.\nTo undo typing, press ctrl+_."
    assert claude.composer_text(left) is None
    assert claude.suspended(left)
    assert claude.understood(left)
    assert not claude.suspended("\u25cf It said: Claude Code is suspended. Run `fg` to bring it back.")


@pytest.mark.parametrize("said", ["search prompts:", "no matching prompt: orchestra"])
def test_a_search_in_the_history_takes_no_paste(said: str) -> None:
    *above, last = screen("box-empty").rstrip("\n").split("\n")
    assert claude.composer_text("\n".join([*above, last])) == ""
    assert (
        claude.composer_text("\n".join([*above, f"\x1b[39m  \x1b[38;5;246m{said}\x1b[39m \x1b[7m \x1b[0m {last}"]))
        is None
    )


@pytest.mark.parametrize("shown", ["", "$ ", "\x1b[0m\n" * 40, f"{MARK} \n", "─" * 80])
def test_a_screen_without_a_box(shown: str) -> None:
    assert claude.composer_text(shown) is None
    assert not claude.dialog_open(shown)
    assert claude.startup_problem(shown) is None


@given(st.text(alphabet=f"─{MARK} 1.x\n\x1b[2m7\u00a0#"))
def test_any_screen_is_read_without_raising(shown: str) -> None:
    text = claude.composer_text(shown)
    assert text is None or not claude.dialog_open(shown)
    claude.startup_problem(shown)


@pytest.mark.parametrize("name", TROUBLES)
def test_what_stands_in_the_way_of_a_start(name: str) -> None:
    found = claude.startup_problem(screen(name))
    assert found is not None
    assert found.kind == name
    assert found.sentence.endswith(".")
    assert found.fix.endswith(".")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons", "root"),
        ("No conversation found with session ID: 5dd90c92", "conversation"),
        ("Error: Session ID 753398cc is already in use.", "conversation"),
        ("/home/dev/124/launch.sh: 4: exec: claude: not found", "missing"),
        ("/home/dev/124/launch.sh: line 4: exec: claude: not found", "missing"),
        ("error: unknown option '--bogus'", "arguments"),
        ("  Settings Error\n\n  /home/dev/settings.json", "settings"),
        ("  Settings Warning\n\n  /home/dev/settings.json", "settings"),
        ("ls: /nowhere: No such file or directory", None),
    ],
)
def test_the_last_words_of_a_dead_start(said: str, kind: str | None) -> None:
    found = claude.startup_problem(f"\n{said}\n\nPane is dead (status 1)")
    assert (found.kind if found else None) == kind


@pytest.mark.parametrize("name", [name for name in BOXES if name != "login"])
def test_a_healthy_screen_is_no_trouble(name: str) -> None:
    assert claude.startup_problem(screen(name)) is None


def settings(context: AgentContext = SEAT, **options: Any) -> dict[str, Any]:
    launch = claude.launch(context, AgentOptions("claude", **options), resume=False, say="go")
    found: dict[str, Any] = json.loads(launch.files["settings.json"])
    return found


def script(options: AgentOptions, context: AgentContext = SEAT, *, resume: bool = False, say: str = "go") -> str:
    return claude.launch(context, options, resume=resume, say=say).files["launch.sh"]


def test_the_script_of_a_first_start() -> None:
    launch = claude.launch(SEAT, AgentOptions("claude", "opus", ("--effort", "high")), resume=False, say="Do it.\n")
    assert launch.argv == ("/bin/sh", f"{SEAT.directory}/launch.sh")
    assert launch.files["prompt.md"] == "Do it.\n"
    assert launch.files["launch.sh"] == (
        "#!/bin/sh\n"
        "# Starts the agent; written anew by orchestra at each start.\n"
        "cd /home/dev/widgets-issue-124 || exit\n"
        f"prompt=$(cat {SEAT.directory}/prompt.md) || exit\n"
        f"exec claude --session-id {SESSION} --settings {SEAT.directory}/settings.json "
        "--permission-mode acceptEdits --name '#124' --model opus --effort high "
        '-- "$prompt"\n'
    )


def test_the_script_of_a_resume() -> None:
    silent = script(AgentOptions("claude"), resume=True, say="")
    assert f"exec claude --resume {SESSION} " in silent
    assert not silent.rstrip().endswith('"$prompt"')
    assert script(AgentOptions("claude"), resume=True, say="go on").endswith('-- "$prompt"\n')


HOSTILE = "a b'c\"d$(touch canary)`touch canary`;touch canary\n#\\"


@pytest.mark.parametrize(
    "say", ["$(touch canary)", "-x --y", "`id` 'a' \"b\" \\", "é☃\n\nlast", "x" * 120_000], ids=str
)
def test_the_script_runs_the_program_with_exactly_these_words(say: str, tmp_path: Path) -> None:
    directory, worktree = tmp_path / HOSTILE, tmp_path / f"w{HOSTILE}"
    directory.mkdir()
    worktree.mkdir()
    program = tmp_path / "p r'g"
    program.write_text(f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps([os.getcwd(), *sys.argv[1:]]))\n")
    program.chmod(0o700)
    context = SEAT._replace(directory=str(directory), worktree=str(worktree))
    launch = claude.launch(context, AgentOptions(str(program), args=("--flag", HOSTILE)), resume=False, say=say)
    for name, text in launch.files.items():
        (directory / name).write_text(text)
    assert subprocess.run(["/bin/sh", "-n", launch.argv[1]], check=False).returncode == 0
    done = subprocess.run(launch.argv, capture_output=True, text=True, check=True, cwd=tmp_path)
    cwd, *argv = json.loads(done.stdout)
    assert cwd == os.path.realpath(worktree)
    assert argv[argv.index("--settings") + 1] == f"{directory}/settings.json"
    assert argv[argv.index("--flag") + 1] == HOSTILE
    expected = say if len(say) < 100_000 else f"Read {directory}/prompt.md, all of it, in parts: it says what to do."
    assert argv[argv.index("--") + 1 :] == [expected]
    assert not list(tmp_path.rglob("canary"))


def test_a_missing_prompt_or_worktree_starts_nothing(tmp_path: Path) -> None:
    for context in (SEAT._replace(directory=str(tmp_path)), SEAT._replace(worktree=str(tmp_path))):
        (tmp_path / "launch.sh").write_text(script(AgentOptions("echo"), context))
        done = subprocess.run(["/bin/sh", str(tmp_path / "launch.sh")], capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert not done.stdout


def test_the_profiles() -> None:
    strict, standard, bypass = (settings(permissions=name) for name in ("strict", "standard", "bypass"))
    assert "Bash" in standard["permissions"]["allow"]
    assert "Bash" not in strict["permissions"]["allow"]
    assert f"Read(/{SEAT.worktree}/**)" in strict["permissions"]["allow"]
    assert "Bash(orchestra worker:*)" in strict["permissions"]["allow"]
    assert f"Bash({SEAT.home}/bin/orchestra worker:*)" in strict["permissions"]["allow"]
    assert strict["permissions"]["deny"] == standard["permissions"]["deny"] == bypass["permissions"]["deny"]
    assert [one.get("skipDangerousModePermissionPrompt") for one in (strict, standard, bypass)] == [None, None, True]
    with pytest.raises(UsageError, match="'lax'"):
        settings(permissions="lax")


def test_the_gates_own_rules_come_last() -> None:
    found = settings(ask=("Edit(auth/**)",), deny=("Bash(npm publish:*)",))["permissions"]
    assert found["ask"] == ["Edit(auth/**)"]
    assert found["deny"][-1] == "Bash(npm publish:*)"


def test_no_rule_has_a_parenthesis_of_its_own() -> None:
    context = SEAT._replace(worktree="/home/dev/w (1) [x]", base="a(b", orchestra_argv=("/opt/o(1)/orchestra",))
    for profile in ("strict", "standard"):
        found = settings(context, permissions=profile, ask=("Bash(echo (*)", "WebFetch"), deny=("Edit(src/(a)/**)",))[
            "permissions"
        ]
        for rule in (rule for kind in found.values() for rule in kind):
            assert re.fullmatch(r"\w+(\([^()]*\))?", rule), rule
        assert found["ask"] == ["Bash(echo **)", "WebFetch"]
        assert found["deny"][-1] == "Edit(src/?a?/**)"


def test_the_orchestrator_may_run_orchestra_and_read() -> None:
    context = SEAT._replace(worker="orchestrator")
    found = settings(context)
    program = f"Bash({SEAT.home}/bin/orchestra:*)"
    assert found["permissions"]["allow"] == ["Read", "Grep", "Glob", "Bash(orchestra:*)", program]
    assert list(found["hooks"]) == ["UserPromptSubmit"]
    text = script(AgentOptions("claude", permissions="bypass"), context)
    assert "--permission-mode default" in text
    assert "--name orchestrator" in text


def test_every_hook_is_wired_once() -> None:
    found = settings()["hooks"]
    assert set(found) == {*claude.HOOKS, *claude.BEATS}
    command = found["Stop"][0]["hooks"][0]
    assert command == {
        "type": "command",
        "command": "/opt/py -I /opt/hook.py claude Stop n0nce 2>/dev/null || :",
        "timeout": 10,
    }
    assert found["PermissionRequest"][0]["hooks"][0]["timeout"] == 86_400


@pytest.mark.parametrize(
    ("event", "left", "called"),
    [
        ("PostToolUse", None, False),
        ("PostToolUse", "blocked", True),
        ("PostToolUse", "mailbox", True),
        ("PostToolUseFailure", "blocked", True),
        ("PreToolUse", "mailbox", False),
        ("PreToolUse", None, False),
    ],
)
def test_the_heartbeat(event: str, left: str | None, called: bool, tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    heartbeat.write_text("\n")
    os.utime(heartbeat, (1, 1))
    if left:
        (tmp_path / left).touch()
    context = SEAT._replace(directory=str(tmp_path), hook=("/bin/echo", "hook"))
    command = settings(context)["hooks"][event][0]["hooks"][0]["command"]
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == (f"hook {event} n0nce\n" if called else "")
    assert heartbeat.stat().st_mtime > time.time() - 60
    assert heartbeat.stat().st_size == 1


@pytest.mark.parametrize(
    ("lines", "resumes", "free"),
    [
        pytest.param(None, False, True, id="none"),
        pytest.param([{"type": "mode"}, {"type": "ai-title"}], False, False, id="bookkeeping alone"),
        pytest.param([{"type": "mode"}, {"type": "user"}], True, False, id="a message"),
    ],
)
@pytest.mark.parametrize("moved", [False, True], ids=["~/.claude", "CLAUDE_CONFIG_DIR"])
def test_which_conversations_can_be_resumed(
    lines: list[dict[str, str]] | None, resumes: bool, free: bool, moved: bool, tmp_path: Path
) -> None:
    config = tmp_path / ("elsewhere" if moved else ".claude")
    project = config / "projects" / "-home-dev-widgets"
    project.mkdir(parents=True)
    if lines is not None:
        text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
        (project / f"{SESSION}.jsonl").write_text(text)
    environ = {"HOME": str(tmp_path), **({"CLAUDE_CONFIG_DIR": str(config)} if moved else {})}
    assert claude.conversation_exists(SESSION, environ) is resumes
    assert (claude.session_to_begin(SESSION, environ) == SESSION) is free
    assert not claude.conversation_exists("../" + SESSION, environ)
    assert not claude.conversation_exists(SESSION, {})


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("echo 2.1.197 '(Claude Code)'", "2.1.197"),
        ("echo 2.1.197; exit 1", None),
        ("echo hello", None),
    ],
)
def test_the_version(body: str, found: str | None, tmp_path: Path) -> None:
    program = tmp_path / "claude"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o700)
    assert claude.version(str(program), {"PATH": os.environ["PATH"]}) == found


def test_a_program_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert claude.version("claude-not-there", {"PATH": str(tmp_path)}) is None


def test_agents_by_name() -> None:
    assert agents.agent("claude").INSTALL == "npm install -g @anthropic-ai/claude-code"
    assert {name for name in vars(base.Agent) if not name.startswith("_")} <= set(dir(claude))
    with pytest.raises(UsageError, match="no agent 'codex'"):
        agents.agent("codex")


def test_the_hooks_part_imports_no_library() -> None:
    root = str(Path(claude.__file__).parents[3])
    code = f"import sys; sys.path.insert(0, {root!r}); import orchestra.agents.claude.hooks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    found = {name.split(".")[0] for name in done.stdout.split()}
    assert found - sys.stdlib_module_names == {"orchestra", "__main__"}
    assert not found & {"typing", "re", "json", "subprocess", "asyncio", "hashlib", "dataclasses", "socket", "pathlib"}


def test_on_macos_the_keychain_is_not_asked_and_managed_settings_are_elsewhere(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    environ = {"HOME": str(tmp_path)}
    assert not claude.logged_in(environ)
    mocker.patch.object(os, "uname", return_value=mocker.Mock(sysname="Darwin"))
    assert claude.logged_in(environ)
    read = mocker.patch.object(users_settings, "settings_in", return_value={})
    mocker.patch.object(sys, "platform", "darwin")
    users_settings.hooks_off(environ, str(tmp_path))
    assert read.call_args_list[0].args == ("/Library/Application Support/ClaudeCode/managed-settings.json",)
