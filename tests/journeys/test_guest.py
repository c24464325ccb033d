"""The workspace on the user's own tmux server: nothing of theirs changes, and `down` leaves no trace."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bars import say_in_bar
from support.person import Person, configure, write_issue
from support.polling import eventually, unguarded
from support.terminal import Terminal, quick_fingers
from support.tmux_session import Tmux

from orchestra.core import actions
from orchestra.core.models import WorkerPlan
from orchestra.core.state import Role
from orchestra.errors import OrchestraError
from orchestra.tmux import guest_keys, key_bindings

pytestmark = pytest.mark.journey

PROJECT = "acme-widgets"
WAIT = ("sleep", "1000")
KEY_LISTS = ("list-keys", "list-keys -N")
PROGRAM = ("env", "python3", "-m", "orchestra")
WANTED = actions.chosen({})

# A user who has made tmux theirs: another prefix, bindings on our key and around it, hooks, a theme, dangerous options.
CONF = """
unbind C-b
set -g prefix C-a
bind C-a send-prefix
bind -N "my own" O display-message "mine; #{session_name}" \\; set -g @pressed 1
bind | split-window -h
bind -r H resize-pane -L 5
bind -n MouseDown3Pane display-message right
set -g mouse on
set -g base-index 1
set -g renumber-windows on
set -g destroy-unattached on
set -g detach-on-destroy on
set -g status-left MY-THEME
set -g status-right "mine %Y"
set -g update-environment CANARY
set -g remain-on-exit on
set-hook -g after-new-window "set -g @opened 1"
set-environment -g MINE yes
"""
ASK = """
```script
status working
escalate "Which colour?" --gate domain --option red --option blue
write colour.txt "{answer}"
commit "Use {answer}"
ship
```
"""


class Theirs:
    """The person's own server, asked directly."""

    def __init__(self, *flags: str) -> None:
        self.flags = flags

    def __call__(self, *argv: str) -> str:
        """What it prints; a list of keys once two in a row are equal: 3.7 leaves out parts of it when it is busy."""
        said = self._ask(argv)
        while argv[0] == "list-keys" and said != (again := self._ask(argv)):
            said = again
        return said

    def _ask(self, argv: tuple[str, ...]) -> str:
        done = subprocess.run(["tmux", "-u", *self.flags, *argv], capture_output=True, text=True, check=False)
        return done.stdout.rstrip("\n") if done.returncode == 0 else f"failed: {done.stderr}"

    def trace(self) -> dict[str, str]:
        """Everything of the server that is not one session's own, and the sessions."""
        asked = ("show-options -g", "show-options -s", "show-options -gw", "show-hooks -g", "show-hooks -gw")
        more = ("show-environment -g", "list-sessions", "list-windows -a", "list-buffers")
        return {line: self(*line.split()) for line in (*asked, *more, *KEY_LISTS)}


@pytest.fixture
def theirs(guard: Path, home: Path) -> Theirs:
    """Their server on the default socket, with a session of their own and a terminal in it."""
    (home / ".tmux.conf").write_text(CONF)
    return Theirs()


@pytest.fixture
def mine(theirs: Theirs) -> Iterator[Terminal]:
    quick_fingers()
    terminal = Terminal(120, 30)
    terminal.run(["tmux", "new-session", "-s", "mine", "sh"])
    terminal.shows("MY-THEME")
    theirs("set", "-g", "@pressed", "0")
    theirs("set", "-g", "@opened", "1")
    yield terminal
    terminal.end()


def tmux(project: str = PROJECT, key: str = "O", **environ: str) -> Tmux:
    found = {**os.environ, **environ}
    return Tmux(f"{found['TMUX_TMPDIR']}/tmux-{os.getuid()}/default", project, found, key=key)


def opened(project: str = PROJECT, key: str = "O") -> tuple[Tmux, str]:
    session = tmux(project, key)
    session.workspace.open_worker(WorkerPlan("7", "n7", WAIT, "/"), per_window=4)
    return session, session.keys.bind(PROGRAM, WANTED)


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The lines that are in one and not in the other."""
    pairs = ((before[one].split("\n"), after[one].split("\n")) for one in before)
    return [line for one, other in pairs if one != other for line in {*one} ^ {*other} or {"order"}]


def press(terminal: Terminal, *pressed: str) -> None:
    """The prefix, our key, and keys of the table."""
    terminal.press("C-a", "O")
    terminal.shows("which key?")
    terminal.press(*pressed)


# --- the key ---

BINDINGS = (
    "unbind O",
    "bind O last-pane",
    'bind O display-message "it\'s; #{pane_id}" \\; run-shell -b \'echo "a b"; true $HOME ~\'',
    "bind O { display-message \"x\ny\" ; if -F '#{x}' { send-keys -l 'a;b' ; last-pane } { new-window } }",
    "bind -N 'what it is' O command-prompt -p 'name:' \"rename-window '%%'\"",
    "bind O display-menu -T 'x y' n a \"display-message 'q \\\"z\\\"'\" '' m b {kill-pane} c ';' last-pane",
    "bind O display-message '\\; \\\\ \\n $x' \\; display-message '{ }'",
)
KEYS = (";", "\\", "#", "~", "'", "M-o", "F12", "C-Space", "{", "<", "c")


def given_back(theirs: Theirs, key: str) -> list[str]:
    """Guard the key and give it back; what is not as it was, or was not guarded."""
    server, before = tmux().server, {line: theirs(*line.split()) for line in KEY_LISTS}
    taken = guest_keys.enter(server, key) or guest_keys.enter(server, key)
    guarded = theirs("list-keys", "-T", "prefix").count(key_bindings.WITHIN) == 1
    guest_keys.leave(server)
    after = {line: theirs(*line.split()) for line in KEY_LISTS}
    return [*changed(before, after), *([] if guarded and not taken else [f"{key} is not guarded: {taken}"])]


def test_whatever_the_key_did_comes_back_exactly(theirs: Theirs, mine: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "conf"
    for line in BINDINGS:
        path.write_text(line + "\n")
        assert "failed" not in theirs("source-file", str(path)), line
        assert given_back(theirs, "O") == [], line
    for key in KEYS:
        assert given_back(theirs, key) == [], key


def test_a_key_that_repeats_stays_theirs_and_is_told(theirs: Theirs, mine: Terminal) -> None:
    before = theirs("list-keys", "-T", "prefix")
    session, taken = opened(key="H")
    assert taken == session.keys.taken() == "resize-pane -L 5"
    assert theirs("list-keys", "-T", "prefix") == before
    assert "orchestra-before" not in theirs("list-keys")


def test_keys_are_given_back_after_the_last_workspace_only(theirs: Theirs, mine: Terminal) -> None:
    before = theirs.trace()
    (one, _), (two, _) = opened(), opened("other", key="|")
    one.workspace.shutdown()
    assert key_bindings.enters_our_table(key_bindings.parse_bindings(theirs("list-keys"))["prefix", "|"].command)
    theirs("source-file", os.path.expanduser("~/.tmux.conf"))  # what they bind meanwhile is theirs again
    theirs("set", "-g", "@pressed", "0")
    assert two.keys.taken() == "split-window -h"
    two.workspace.shutdown()
    assert changed(before, theirs.trace()) == []


def test_a_workspace_that_ended_without_down_is_cleaned_up_after(theirs: Theirs, mine: Terminal) -> None:
    before = theirs.trace()
    session, _ = opened()
    theirs("kill-session", "-t", f"={PROJECT}")
    assert theirs.trace() != before
    session.workspace.shutdown()
    assert changed(before, theirs.trace()) == []


# --- the server ---


def test_a_session_of_theirs_with_our_name_is_left_alone(theirs: Theirs, mine: Terminal) -> None:
    theirs("set", "-t", "=mine:", "destroy-unattached", "off")
    theirs("rename-session", "-t", "=mine", PROJECT)
    before = theirs.trace(), theirs("show-options", "-t", f"={PROJECT}:")
    with pytest.raises(OrchestraError, match="named acme-widgets already") as caught:
        opened()
    assert "rename-session" in caught.value.hint
    session = tmux()
    say_in_bar(session, "text", Role.ALARM)
    session.status_bar.beat(1.0)
    session.workspace.shutdown()
    assert (theirs.trace(), theirs("show-options", "-t", f"={PROJECT}:")) == before


def test_a_server_that_ends_with_its_last_terminal_is_refused(theirs: Theirs, mine: Terminal, home: Path) -> None:
    theirs("set", "-s", "exit-unattached", "on")
    with pytest.raises(OrchestraError, match="workers would end"):
        opened()
    assert theirs("list-sessions", "-F", "#{session_name}") == "mine"
    mine.end()
    eventually(lambda: theirs("list-sessions").startswith("failed"))
    with (home / ".tmux.conf").open("a") as file:
        file.write("set -s exit-unattached on\n")
    with pytest.raises(OrchestraError, match="did not keep the workspace"):
        opened()


def test_a_server_that_stays_without_sessions_is_no_error(theirs: Theirs, mine: Terminal) -> None:
    session, _ = opened()
    theirs("set", "-s", "exit-empty", "off")
    theirs("kill-session", "-t", "=mine")
    session.workspace.shutdown()
    assert not session.session.running()
    assert key_bindings.WITHIN not in theirs("list-keys")
    theirs("kill-server")


def test_their_server_is_begun_as_they_would_and_without_a_token(theirs: Theirs) -> None:
    session = tmux(GH_TOKEN="canary", CANARY="canary", EDITOR="ed")
    session.workspace.open_worker(WorkerPlan("7", "n7", WAIT, "/"), per_window=4)
    assert theirs("show-options", "-gv", "status-left") == "MY-THEME"
    found = theirs("show-environment", "-g")
    assert "EDITOR=ed" in found
    assert "TOKEN" not in found + theirs("show-environment", "-t", f"={PROJECT}:")
    assert "CANARY" not in theirs("show-environment", "-t", f"={PROJECT}:")
    assert theirs("show-options", "-gv", "destroy-unattached") == "on"
    assert session.session.running()  # detached from the start, and kept


def test_from_their_session_to_a_worker_and_back(theirs: Theirs, mine: Terminal) -> None:
    theirs("set", "-t", "=mine:", "destroy-unattached", "off")
    session, _ = opened()
    came, where = theirs("display-message", "-p", "-t", "=mine:", "#{pane_id} #{socket_path},#{pid},0").split()
    assert theirs("display-message", "-p", "-t", "=mine:", "#{session_id}") == "$0"
    there = tmux(TMUX=where)
    there.clients.travel(session.session.panes()[0], came)
    assert theirs("list-clients", "-F", "#{session_name}") == PROJECT
    tmux(TMUX=where.removesuffix("0") + "1").clients.back()
    assert theirs("list-clients", "-F", "#{session_name}") == "mine"


# --- a day on it ---


@pytest.fixture
def local(repo: Path, git: Callable[..., str]) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "layout: desk", "tmux: {socket: default}")
    layouts = repo / ".orchestra" / "layouts"
    layouts.mkdir(parents=True)
    (layouts / "desk.yaml").write_text("windows:\n  - {window_name: shell, role: shell}\n")
    write_issue(repo, 1, "Choose a colour", ASK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo, socket="default")


def test_a_day_on_the_persons_own_server(local: Person, theirs: Theirs, mine: Terminal) -> None:
    theirs("set", "-t", "=mine:", "destroy-unattached", "off")
    before = theirs.trace()
    local.runs("up", "-d")
    panes = ("list-panes", "-a", "-F", "#{pane_id} #{pane_pid} #{window_name}")
    seen = theirs(*panes)
    assert local.runs("up", "-d").code == 0
    assert theirs(*panes) == seen
    local.runs("spawn", "1")
    local.sees("1", "stuck")
    assert "[0] 0:sh" not in mine.text
    mine.press("C-a", "O")  # in their own session: theirs
    mine.shows("mine; mine")
    mine.type(f"clear; cd {local.where}; {' '.join(shlex.quote(part) for part in project())} attach 1")
    mine.press("Enter")
    mine.shows("\u25cf #1 question: Which colour?")
    eventually(lambda: theirs("display-message", "-p", "#{@orchestra_worker}") == "1", why="at the worker")
    mine.shows("mine 20")  # their own status-right beside the bar
    press(mine, "t")
    mine.shows("Enter answers")
    unguarded()
    mine.press("2")
    local.sees("1", "complete")
    mine.shows("#1 ready")
    theirs("set", "-s", "exit-unattached", "on")
    assert findings(local) == ["T1"]
    theirs("set", "-s", "exit-unattached", "off")
    local.runs("down")
    mine.shows("MY-THEME")  # back in their own session
    eventually(lambda: theirs("list-clients", "-F", "#{session_name}") == "mine", why="the client to be back")
    theirs("set", "-g", "@pressed", "0")
    eventually(lambda: not changed(before, theirs.trace()), why="no trace, and the window's own name again")


def findings(person: Person) -> list[str]:
    found = [str(one["id"]) for one in person.asks("doctor", code=None)["findings"]]
    return [one for one in found if one[0] in "IKT" and one != "T2"]  # T2: what an old tmux cannot do


def test_an_open_workspace_is_never_opened_a_second_time_elsewhere(local: Person, theirs: Theirs) -> None:
    config = local.where / "orchestra.yaml"
    own = config.read_text()
    names = ("list-sessions", "-F", "#{@orchestra_project}")
    ours, work = Theirs("-L", "orchestra"), Theirs("-S", f"{local.environ['TMUX_TMPDIR']}/work", "-f", "/dev/null")
    config.write_text(own.replace("socket: default", "socket: orchestra"))
    local.runs("up", "-d")
    project = ours(*names)
    config.write_text(own)
    local.runs("up", "-d")  # the config says another server by now
    assert "not open" not in local.runs("list").out
    assert theirs("list-sessions").startswith("failed")
    local.runs("down")
    assert ours("list-sessions").startswith("failed")
    local.runs("up", "-d")
    assert theirs(*names) == project
    work("new-session", "-d", "-s", "mine", "-n", "shell")  # a name that tmux does not change by itself
    before = work.trace()
    inside = Person(local.where, {"TMUX": work("display-message", "-p", "#{socket_path},#{pid},0")})
    inside.runs("up", "-d")  # from inside another server of theirs
    assert work.trace() == before
    inside.runs("down")
    inside.runs("up", "-d")
    assert work(*names).split() == [project]
    local.runs("down")  # from outside of it
    assert changed(before, work.trace()) == []


def project() -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "orchestra")
