"""The key table, pressed on a real keyboard in a real attached client."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.person import ASK, HANG, Person, configure, write_issue
from support.polling import eventually, unguarded
from support.servers import both_servers
from support.terminal import Terminal, quick_fingers

from orchestra.core import actions
from orchestra.errors import UsageError
from orchestra.tmux import key_bindings
from orchestra.tmux.client import Server
from orchestra.tmux.commands import script

pytestmark = pytest.mark.journey

HOSTILE = "#(touch canary) #[fg=red]x '; touch canary; ' $(touch canary) #{pid} %H"


@pytest.fixture
def local(repo: Path, git: Callable[..., str], server: str) -> Person:
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local", f"workers: {{max: 9}}\ntmux: {{socket: {server}}}")
    write_issue(repo, 1, "Choose a colour", ASK)
    write_issue(repo, 2, "Choose another", ASK)
    write_issue(repo, 3, HOSTILE, HANG)
    write_issue(repo, 124, "Never ends", HANG)
    (repo / "notes.txt").write_text("first line\n  #124 Never ends, after #3\nno number here\n")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo, socket=server)


@pytest.fixture
def layout(repo: Path) -> str:
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "desk.yaml").write_text(
        "windows:\n  - {window_name: shell, role: shell, focus: true}\n  - {window_name: workers, role: workers}\n"
    )
    return "desk"


@pytest.fixture
def terminal(local: Person, layout: str) -> Iterator[Terminal]:
    """The workspace, with a shell in front, on a screen of 120x40."""
    local.runs("up", layout, "-d")
    here = local.tmux("display-message", "-p", "#{session_name}:")
    local.tmux("set-hook", "-u", "-t", here, "client-attached[87]")  # the greeting hides the bar for a while
    terminal = Terminal(120, 40)
    terminal.run(["tmux", "-L", local.socket, "attach"])
    terminal.shows("no workers")
    yield terminal
    terminal.end()


def orchestra_key(terminal: Terminal, *keys: str) -> None:
    eventually(lambda: "\u2518" not in terminal.text, why="the popup to close")
    terminal.key_table()
    terminal.press(*keys)


def active(local: Person) -> str:
    return local.tmux("display-message", "-p", "#{window_name} #{@orchestra_worker}")


def works(local: Person, number: str) -> None:
    eventually(lambda: number in spawned(local), why=f"#{number} to be spawned")
    local.sees(number, "working")


def spawned(local: Person) -> set[str]:
    return {one["id"] for one in local.asks("list")["workers"]}


@pytest.mark.fast
@pytest.mark.parametrize(
    ("given", "why"),
    [({"spawn": "#(x)"}, "expected a key"), ({"spwan": "s"}, "expected one of"), ({"spawn": "a"}, "key of next too")],
)
def test_a_key_that_cannot_be_is_told(given: dict[str, str | None], why: str) -> None:
    assert why in actions.problem(given, next(iter(given)))


@pytest.mark.fast
def test_keys_can_be_changed_and_left_out() -> None:
    found = actions.chosen({"spawn": "C-s", "back": None})
    assert found["spawn"] == "C-s"
    assert "back" not in found
    assert not actions.problem({"spawn": "C-s", "back": None}, "spawn")


def test_every_key_that_is_taken_is_one_of_tmux_and_is_found_again() -> None:
    names = [
        "F1",
        "F9",
        "F10",
        "F12",
        "F13",
        "F20",
        "Enter",
        "Space",
        "Tab",
        "BTab",
        "BSpace",
        "Up",
        "Down",
        "Left",
        "Right",
        "PageUp",
    ]
    modified = [mod + one for mod in ("C-", "M-", "S-", "C-M-") for one in (*map(chr, range(33, 127)), *names)]
    taken = [one for one in (*map(chr, range(33, 127)), *names, *modified) if not actions.key_problem(one)]
    assert {"O", ";", "\\", "C-s", "M-o", "F12", "C-Space"} < set(taken)
    assert not {"C-I", "C-i", "F13", "F20", "S-o", "C-M-x", 'M-"'} & set(taken)
    server = Server("orchestra", os.environ)
    text = script([[("bind-key", "-T", f"t{at}", key, "last-pane")] for at, key in enumerate(taken)])
    said = server.ask("start-server", ";", "source-file", "-", ";", "list-keys", text=text)
    found = key_bindings.parse_bindings(said.out)
    assert [key for at, key in enumerate(taken) if (f"t{at}", key) not in found] == []


def test_spawn_at_a_shell_and_the_next_key_goes_there(terminal: Terminal, local: Person) -> None:
    terminal.type("clear; echo 'fix #3 and #124'; tput cuu 1; tput cuf 11; read wait")
    terminal.press("Enter")
    terminal.shows("fix #3 and")
    orchestra_key(terminal, "s")
    works(local, "124")
    assert active(local).strip() == "shell"


def test_spawn_in_copy_mode_and_again_goes_to_the_worker(terminal: Terminal, local: Person) -> None:
    terminal.type("clear; cat notes.txt")
    terminal.press("Enter")
    terminal.shows("no number here")
    terminal.press("C-b", "[")
    terminal.press("Up", "Up", "C-a")
    eventually(lambda: "#124" in local.tmux("display-message", "-p", "#{copy_cursor_line}"))
    orchestra_key(terminal, "s")
    works(local, "124")
    assert spawned(local) == {"124"}
    terminal.shows("#124 works")
    assert active(local).strip() == "shell"
    orchestra_key(terminal, "s")
    eventually(lambda: active(local) == "workers 124", why="to be there")
    orchestra_key(terminal, "q")
    eventually(lambda: active(local).strip() == "shell", why="to be back")


def test_another_key_leaves_and_does_nothing(terminal: Terminal, local: Person) -> None:
    orchestra_key(terminal, "x")
    eventually(lambda: "which key?" not in terminal.text)
    terminal.type("echo still $((1+1))")
    terminal.press("Enter")
    terminal.shows("still 2")
    assert "xecho" not in terminal.text


def test_the_issue_picker_opens_where_there_is_no_number(terminal: Terminal, local: Person) -> None:
    terminal.type("clear")
    terminal.press("Enter")
    orchestra_key(terminal, "s")
    terminal.shows("Start a worker on")
    terminal.shows("#(touch canary) #[fg=red]x")
    terminal.type("never")
    terminal.press("Enter")
    terminal.shows("#124 starts")  # a message: first, because it goes
    eventually(lambda: spawned(local) == {"124"}, why="the worker")


@both_servers
def test_to_who_needs_you_in_turn_answer_in_a_popup_and_back(terminal: Terminal, local: Person) -> None:
    local.runs("spawn", "1", "2")
    for number in "12":
        local.sees(number, "stuck")
    orchestra_key(terminal, "a")
    eventually(lambda: re.fullmatch("workers\u25cf[12] 1", active(local)), 40, "at the first")
    orchestra_key(terminal, "a")
    eventually(lambda: re.fullmatch("workers\u25cf[12] 2", active(local)), why="at the second")
    orchestra_key(terminal, "t")
    shown = terminal.shows("Enter answers")
    assert "1 red" in shown
    assert "2 blue" in shown
    unguarded()
    terminal.press("2")
    local.sees("2", "complete")
    orchestra_key(terminal, "q")
    eventually(lambda: active(local).strip() == "shell", why="back")
    orchestra_key(terminal, "g")
    terminal.shows("Enter answers")
    unguarded()
    terminal.press("Enter")
    local.sees("1", "complete")


def test_right_click_opens_a_menu_and_double_click_spawns(terminal: Terminal, local: Person) -> None:
    terminal.type("clear; cat notes.txt")
    terminal.press("Enter")
    terminal.shows("no number here")
    column, row = terminal.place("#124")
    terminal.press_right(column + 1, row)
    terminal.shows("Spawn a worker on the issue here")
    terminal.press("s")
    works(local, "124")
    terminal.shows("#124 works")
    column, row = terminal.place("#3")
    terminal.click(column + 1, row, times=2)
    works(local, "3")
    column, row = terminal.place("no number here")
    terminal.press_right(column, row)
    terminal.shows("Horizontal Split")
    terminal.press("q")
    assert spawned(local) == {"3", "124"}
    assert not list(local.where.rglob("canary"))


def test_a_click_on_the_bar_goes_to_who_needs_you_and_its_window_is_marked(terminal: Terminal, local: Person) -> None:
    local.runs("spawn", "1")
    local.sees("1", "stuck")
    terminal.shows("\u25cf #1 question: Which colour?")
    terminal.shows("workers\u25cf1")
    assert local.runs("status").out == local.tmux("show-options", "-v", "@orchestra_bar") + "\n"
    assert "#" not in local.runs("status", "--tmux").out
    terminal.click(*terminal.place("\u25cf #1"))
    eventually(lambda: active(local) == "workers\u25cf1 1", why="at the worker")
    local.runs("tell", "1", "red")
    local.sees("1", "complete")
    terminal.shows("workers\u27141")


def test_hostile_titles_are_text_everywhere(terminal: Terminal, local: Person) -> None:
    local.runs("spawn", "3")
    local.sees("3", "working")
    orchestra_key(terminal, "l")
    terminal.shows("hat happened")
    terminal.shows("spawned by you")
    terminal.press("l")
    eventually(lambda: "hat happened" not in terminal.text)
    orchestra_key(terminal, "w")
    terminal.shows("Go to")
    terminal.shows("#(touch canary) #[fg=red]x")
    terminal.type("#3")
    terminal.press("Enter")
    eventually(lambda: active(local) == "workers 3", why="at the worker")
    terminal.shows("#3 \u25b8 working")
    border = terminal.lines()[0]
    assert "#(touch canary) #[fg=red]x '; touch canary; '" in border
    for key, words in (("t", "Tell #3"), ("n", "nobody needs you"), ("?", "start a worker on the")):
        orchestra_key(terminal, key)
        terminal.shows(words)
        terminal.press("Enter" if key == "n" else "Escape")
        eventually(lambda words=words: words not in terminal.text)  # type: ignore[misc]
    assert not list(local.where.parent.rglob("canary"))


def test_a_diff_is_shown_with_what_is_not_committed_and_runs_nothing_of_the_workers(
    local: Person, repo: Path, git: Callable[..., str]
) -> None:
    local.runs("spawn", "1")
    local.sees("1", "stuck")
    tree = repo.parent / "widgets-issue-1"
    (tree / "README.md").write_text("# widgets\nchanged \x1b[31m\n")
    (tree / "new.txt").write_text("new\n")
    for name, value in (
        ("core.pager", "touch canary"),
        ("diff.external", "touch canary"),
        ("pager.diff", "touch canary"),
    ):
        git("-C", repo, "config", name, value)
    said = local.runs("diff", "1").out
    assert "+changed" in said
    assert "\x1b" not in said
    assert "# not added to git yet: new.txt" in said
    assert not list(repo.parent.rglob("canary"))


def test_the_persons_own_binding_is_kept_and_told(local: Person, layout: str, home: Path) -> None:
    (home / ".tmux.conf").write_text(
        "unbind C-b\nset -g prefix C-a\nbind O display-message mine\nset -g status-left MY-THEME\n"
        "bind -n MouseDown3Pane display-message right\n"
    )
    local.runs("up", layout, "-d")
    assert "display-message mine" in local.tmux("list-keys", "-T", "prefix")
    said = local.runs("keys").out
    assert "not bound" in said
    assert "display-message mine" in said
    assert "display-message right" in local.tmux("list-keys", "-T", "root")
    assert local.tmux("show-options", "-gv", "status-left") == "MY-THEME"
    before = local.tmux("list-keys")
    local.runs("up", layout, "-d")
    assert local.tmux("list-keys") == before
    found = {one["id"]: one for one in json.loads(local.runs("doctor", "--json", code=None).out)["findings"]}
    assert "display-message mine" in found["K1"]["what"]


def test_under_a_tmux_conf_like_screens_ours_works_and_theirs_stays(local: Person, layout: str, home: Path) -> None:
    with (home / ".tmux.conf").open("a") as file:
        file.write(
            "unbind C-b\nset -g prefix C-a\nbind C-a last-window\nbind Space next-window\nbind a send-prefix\n"
            "bind O display-message 'mine, on O'\nbind M-p display-message 'mine, on M-p'\n"
            "set -g status-style bg=blue\nset -g status-left 'MY THEME '\nset -g mode-keys vi\nset -g base-index 1\n"
        )
    path = local.where / "orchestra.yaml"
    path.write_text(path.read_text().replace("socket: orchestra", "socket: orchestra, key: M-g"))
    local.runs("up", layout, "-d")
    terminal = Terminal(120, 30)
    terminal.run(["tmux", "-L", local.socket, "attach"])
    terminal.shows("MY THEME")
    before = local.tmux("list-keys", "-T", "prefix")
    terminal.press("C-a", "O")
    terminal.shows("mine, on O")
    terminal.press("C-a", "M-p")
    terminal.shows("mine, on M-p")
    assert "prefix M-g, then:" in local.runs("keys").out
    terminal.press("C-a", "M-g")
    terminal.shows("which key?")
    terminal.press("?")
    terminal.shows("start a worker on the issue")
    terminal.press("Escape")
    local.runs("up", layout, "-d")
    assert local.tmux("list-keys", "-T", "prefix") == before
    terminal.end()


def test_an_own_server_gets_a_line_that_works(local: Person, layout: str) -> None:
    local.runs("up", layout, "-d")
    line = local.runs("keys", "--install").out.splitlines()[-1]
    terminal = Terminal(100, 20)
    terminal.run(["tmux", "-L", "mine", "-f", "/dev/null", "new-session", "-c", str(local.where), "sh"])
    terminal.shows("[0]")
    mine = Person(local.where, socket="mine")
    path = local.where / "line.conf"
    path.write_text(line + "\n")
    mine.tmux("source-file", str(path))
    terminal.type("clear; cat notes.txt; tput cuu 2")
    terminal.press("Enter")
    terminal.shows("no number here")
    terminal.press("C-b", "O")
    works(local, "124")
    terminal.end()


def test_an_unknown_action_in_the_config_names_its_line(local: Person) -> None:
    path = local.where / "orchestra.yaml"
    path.write_text(path.read_text() + "keys:\n  spwan: s\n")
    said = local.runs("list", code=UsageError.exit_code)
    assert "orchestra.yaml:6" in said.err
    assert "spwan" in said.err


def test_a_worker_presses_no_keys(local: Person) -> None:
    local.runs("spawn", "1")
    local.sees("1", "stuck")
    path = local.tmux("display-message", "-p", "#{socket_path},#{pid},0")
    pane = local.tmux("list-panes", "-a", "-F", "#{pane_id}").split()[0]
    sly = Person(local.where, {"ORCHESTRA_WORKER": "1", "TMUX": path})
    for argv in (("key", "approve", pane), ("popup", "gates")):
        said = sly.runs(*argv, code=None)
        assert "workers may not run this command" in said.out + said.err
    assert local.status("1") == "stuck"
