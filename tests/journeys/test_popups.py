"""The popups by real keys, in an attached client of 80 columns by 24 lines; and the same as plain commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually, unguarded
from support.terminal import Terminal, quick_fingers

from orchestra.core.models import Escalation, Gate, Status, Worker
from orchestra.ui import dialogs

Git = Callable[..., str]

HOSTILE = "[red]x[/] #(touch canary) #[fg=red] \x1b[31m $(touch canary) '; touch canary; ' {n} %H"
ASK = """
```script
status working
escalate "Which colour? [bold]#(touch canary)" --gate domain --option red --option "[link=x]#(touch canary)" --context "{context}"
write colour.txt "{answer!r}"
commit "Use it"
ship
```
"""
DIALOG = """
```script
status working
write notes.txt "a note"
dialog "Publish the package? #(touch canary)"
else
  write published.txt "no"
end
run test -e published.txt || echo yes >published.txt
commit "Publish, or not"
ship
```
"""
LONG = " ".join(f"line {number} of what it has to say," for number in range(1, 91))


@pytest.fixture
def local(repo: Path, git: Git, home: Path) -> Person:
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}")
    write_issue(repo, 1, HOSTILE, ASK.replace("{context}", LONG))
    write_issue(repo, 2, "Choose a colour", ASK.replace("{context}", "In the palette."))
    write_issue(repo, 3, "Publish it", DIALOG)
    write_issue(repo, 4, "Publish this too", DIALOG)
    layouts = repo / ".orchestra" / "layouts"
    layouts.mkdir()
    (layouts / "desk.yaml").write_text(
        "windows: [{window_name: shell, role: shell}, {window_name: w, role: workers}]\n"
    )
    programs = home / "programs"
    programs.mkdir()
    (programs / "delta").write_text("#!/bin/sh\ncat\necho THIS IS DELTA\n")
    (programs / "delta").chmod(0o755)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    import os

    return Person(repo, {"PATH": f"{programs}:{os.environ['PATH']}"})


@pytest.fixture
def terminal(local: Person) -> Terminal:
    local.runs("up", "desk", "-d")
    local.runs("spawn", "1", "2", "3", "4")
    for number, need in (("1", "stuck"), ("2", "stuck"), ("3", "blocked"), ("4", "blocked")):
        eventually(lambda n=number, a=need: local.asks("show", n)["attention"] == a, 60, f"#{number} {need}")  # type: ignore[misc]
    terminal = Terminal(80, 24)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("\u25cf #")
    return terminal


def key(terminal: Terminal, name: str) -> None:
    eventually(lambda: "\u2518" not in terminal.text, why="the popup to close")
    terminal.key_table()
    terminal.press(name)


def goes_to(terminal: Terminal, local: Person, number: str) -> None:
    key(terminal, "w")
    terminal.shows("Enter goes there")
    terminal.shows("\u258c")  # the row under the cursor
    terminal.type(f"#{number}")
    terminal.press("Enter")
    here = "#{@orchestra_worker}"
    eventually(lambda: local.tmux("display-message", "-p", here) == number, why=f"to be at #{number}")


def see(terminal: Terminal, worker: str, words: str) -> None:
    """Turn to the request of a worker."""
    unguarded()
    for _ in range(4):
        if f"{worker} " in terminal.text.partition("permission")[0].partition("question")[0] and words in terminal.text:
            break
        terminal.press("]")
        unguarded()
    terminal.shows(words)


@pytest.mark.journey
def test_every_popup_on_a_small_screen(terminal: Terminal, local: Person, git: Git, repo: Path) -> None:
    key(terminal, "g")
    shown = terminal.shows("1 of 4")
    assert "Publish the package? #(touch canary)" in shown, "the most urgent first"
    see(terminal, "#3", "y yes")
    terminal.press("y")
    local.sees("3", "complete")
    assert git("-C", repo, "show", "issue-3:published.txt") == "yes"
    terminal.press("Escape")

    goes_to(terminal, local, "4")
    key(terminal, "n")
    assert "Publish the package? #(touch canary)" in terminal.shows("Why not?")
    terminal.type("not on a Sunday")
    terminal.press("Enter")
    local.sees("4", "complete")
    assert git("-C", repo, "show", "issue-4:published.txt") == "no"
    key(terminal, "d")
    assert "a note" in terminal.shows("notes.txt (new)")
    unguarded()
    terminal.press("Escape")
    eventually(lambda: "notes.txt (new)" not in terminal.text, why="the review to close")

    goes_to(terminal, local, "1")
    key(terminal, "t")
    shown = terminal.shows("3 something else")
    assert "[red]x[/] #(touch canary)" in shown
    assert "2 [link=x]#(touch canary)" in shown
    assert "line 90 of" not in shown
    terminal.press("End")
    terminal.shows("90 of what it has to say")
    unguarded()
    terminal.press("Up", "Enter")
    terminal.shows("Your answer")
    terminal.type("neither:")
    terminal.press("C-j")
    terminal.type("green; #(touch canary)")
    terminal.press("Enter")
    local.sees("1", "complete")
    assert "neither:\ngreen; #(touch canary)" in git("-C", repo, "show", "issue-1:colour.txt")

    key(terminal, "?")
    terminal.shows("prefix O, then:")
    unguarded()
    terminal.press("G")
    terminal.shows("all keys")
    terminal.press("Escape")
    eventually(lambda: "all keys" not in terminal.text, why="the keys to close")
    key(terminal, "l")
    terminal.shows("hat happened")
    terminal.press("Escape")
    eventually(lambda: "hat happened" not in terminal.text)
    key(terminal, "g")
    terminal.shows("Choose a colour")
    terminal.shows("Enter answers")
    unguarded()
    terminal.press("Down", "Enter")
    local.sees("2", "complete")
    assert "[link=x]#(touch canary)" in git("-C", repo, "show", "issue-2:colour.txt")
    assert not list(repo.parent.rglob("canary"))
    terminal.end()


@pytest.mark.journey
def test_the_same_as_plain_commands_outside_of_tmux(local: Person, git: Git, repo: Path, home: Path) -> None:
    import sys

    local.runs("up", "desk", "-d")
    local.runs("spawn", "1", "2", "3")
    for number, need in (("1", "stuck"), ("2", "stuck"), ("3", "blocked")):
        eventually(lambda n=number, a=need: local.asks("show", n)["attention"] == a, 60, f"#{number} {need}")  # type: ignore[misc]
    assert {one["id"] for one in local.asks("gates")["workers"]} == {"1", "2", "3"}
    said = local.runs("gates").out
    assert "line 90 of" in said
    assert "\x1b" not in said
    editor = home / "editor"
    editor.write_text("#!/bin/sh\nprintf 'by the editor' >$1\n")
    editor.chmod(0o755)
    terminal = Terminal(80, 24, {**local.environ, "EDITOR": str(editor)})
    stays = ["sh", "-c", '"$@"; exec sleep 100', "sh"]  # a pane that dies has a line less
    program = [sys.executable, "-P", "-m", "orchestra"]
    project = [*stays, "env", "-C", str(repo), f"PATH={local.environ['PATH']}", *program]

    terminal.run([*project, "tell", "1"])
    terminal.shows("3 something else")
    unguarded()
    terminal.press("3")
    terminal.shows("Your answer")
    terminal.press("C-e")
    terminal.shows("by the editor")
    terminal.press("Enter")
    terminal.shows("its question is answered")
    local.sees("1", "complete")
    assert "by the editor" in git("-C", repo, "show", "issue-1:colour.txt")

    terminal.run([*project, "gates"])
    terminal.shows("1 of 2")
    for _ in "23":
        terminal.shows("n no")
        unguarded()
        terminal.press("n")
        terminal.shows("Why not?")
        terminal.type("not now")
        terminal.press("Enter")
        terminal.shows("denied for #")
    local.sees("2", "complete")
    local.sees("3", "complete")
    assert "Denied: Which colour?" in json.dumps(local.asks("show", "2")["guidance"])
    terminal.run([*project, "diff", "3"])
    terminal.shows("THIS IS DELTA")
    shown = local.runs("issues").out.splitlines()
    assert "[*] #1" in shown[0]
    assert "[red]x[/] #(touch canary) #[fg=red] [31m $(touch canary)" in shown[0]
    assert shown[-1].split()[:3] == ["[", "]", "#4"]
    terminal.run([*project, "keys"])
    terminal.shows("prefix O, then:")
    assert not list(repo.parent.rglob("canary"))
    terminal.end()


@pytest.mark.journey
def test_an_editor_that_does_not_start_gives_the_screen_back(local: Person, repo: Path) -> None:
    import sys

    local.runs("up", "desk", "-d")
    local.runs("spawn", "1")
    eventually(lambda: local.asks("show", "1")["attention"] == "stuck", 60, "#1 stuck")
    terminal = Terminal(80, 24, {**local.environ, "EDITOR": "/nowhere/editor"})
    program = [sys.executable, "-P", "-m", "orchestra"]
    terminal.run(["env", "-C", str(repo), f"PATH={local.environ['PATH']}", *program, "tell", "1"])
    terminal.shows("3 something else")
    unguarded()
    terminal.press("3")
    terminal.shows("Your answer")
    terminal.type("red, ")
    terminal.press("C-e")
    terminal.shows("set EDITOR to an editor that is installed")
    terminal.type("please")
    terminal.shows("red, please")
    terminal.press("Escape", "Escape")
    terminal.run(["env", "-C", str(repo), f"PATH={local.environ['PATH']}", *program, "board"])
    terminal.shows("1 of ")
    terminal.press("e")
    terminal.shows("/nowhere/editor does not start")
    terminal.press("?")
    terminal.shows("any other key closes this")
    terminal.end()


@pytest.mark.fast
def test_what_a_worker_asks_in_so_many_lines() -> None:
    """A dialog's question comes before what the worker asked itself, as `tell` answers it first."""
    own = Escalation(Gate.DOMAIN, "Which colour?", options=("red", "blue"), tried=("green",), need="one of them")
    plan = Escalation(Gate.PLAN, "It has a plan", context="\n".join(map(str, range(20))), request="p")
    several = Escalation(Gate.QUESTION, "Two", request="t", questions=(
        {"question": "Which size?", "options": ["10", "12"]}, {"question": "[b]Why?", "options": []}))  # fmt: skip
    worker = Worker(id="7", title="Seven", status=Status.STUCK, status_since="", escalation=own)
    assert list(dialogs.question_lines(worker))[1:] == [
        "  Which colour? (domain)", "  tried: green", "  1. red", "  2. blue", "  needs: one of them"]  # fmt: skip
    said = "\n".join(dialogs.question_lines(worker._replace(dialogs=(plan, several))))
    assert "    18\n    19\n" in said
    assert "    Which size?  1. 10  2. 12\n    [b]Why?" in said
    assert said.index("Two") < said.index("Which colour?")
    assert "asks nothing" in "".join(dialogs.question_lines(worker._replace(escalation=None)))
