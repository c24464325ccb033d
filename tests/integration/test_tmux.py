from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.bars import bar_saying, say_in_bar
from support.contrast import styles, weak_pairs
from support.polling import eventually
from support.terminal import DRAWN_BY
from support.tmux_session import Tmux
from support.tmux_version import this_tmux

from orchestra.core import actions
from orchestra.core.guidance import without_controls
from orchestra.core.look import Look
from orchestra.core.models import Border, Pane, PanePlan, WindowPlan, WorkerPlan
from orchestra.core.state import Role
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.tmux import client, commands, key_bindings
from orchestra.tmux.capabilities import EXIT_SIGNAL
from orchestra.tmux.client import Server
from orchestra.tmux.guest_keys import read_bindings
from orchestra.tmux.libtmux_server import LibtmuxServer
from orchestra.tmux.panes import parse_panes
from orchestra.tmux.session import Session
from orchestra.tmux.status_bar import StatusBar

PROJECT = "acme-widgets"
WAIT = ("sleep", "1000")


class Raw:
    """A tmux server by its socket's name, asked directly: the witness of what Tmux did."""

    def __init__(self, socket: str, program: str = "tmux") -> None:
        self.socket = socket
        self.program = program

    def __call__(self, *argv: str) -> str:
        command = [self.program, "-u", "-L", self.socket, "-f", "/dev/null", *argv]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.rstrip("\n") if done.returncode == 0 else f"failed: {done.stderr}"

    def rows(self, fields: str) -> list[str]:
        return self("list-panes", "-a", "-F", fields).split("\n")


@pytest.fixture
def raw(guard: Path) -> Raw:
    return Raw("orchestra")


@pytest.fixture
def make(guard: Path) -> Callable[..., Tmux]:
    def made(project: str = PROJECT, hook: tuple[str, ...] = (), user_config: bool = True, **environ: str) -> Tmux:
        return Tmux("orchestra", project, {**os.environ, **environ}, user_config=user_config, hook=hook)

    return made


@pytest.fixture
def tmux(make: Callable[..., Tmux]) -> Tmux:
    return make()


class Screen:
    """A terminal of 200x50 that a user sits at: a pane of another tmux server, so what is drawn can be read."""

    def __init__(self) -> None:
        self.raw = Raw("screen", DRAWN_BY)
        self.raw("new-session", "-d", "-x", "200", "-y", "50", "--", "sh", "-c", "exec sleep 1000")
        self.raw("set-option", "-g", "status", "off")
        self.raw("set-option", "-g", "remain-on-exit", "on")

    def run(self, *argv: str) -> None:
        self.raw("respawn-pane", "-k", "--", "env", "-u", "TMUX", "-u", "TMUX_PANE", *argv)

    def lines(self) -> list[str]:
        return self.raw("capture-pane", "-p").split("\n")

    def shows(self, text: str) -> bool:
        return text in "\n".join(self.lines())


@pytest.fixture
def screen(guard: Path) -> Screen:
    return Screen()


@pytest.fixture
def attached(tmux: Tmux, screen: Screen, raw: Raw) -> Screen:
    """Our session with worker 7, and somebody looking at it."""
    tmux.workspace.open_worker(WorkerPlan("7", "n7", WAIT, "/"), per_window=4)
    screen.run(*tmux.clients.attach_argv({}))
    eventually(lambda: raw("list-clients"), why="attached")
    return screen


def worker(tmux: Tmux, number: str, argv: tuple[str, ...] = WAIT, per_window: int = 4) -> Pane:
    return tmux.workspace.open_worker(WorkerPlan(number, f"n{number}", argv, "/", f"#{number}"), per_window=per_window)


def known_closed(tmux: Tmux) -> bool:
    try:
        return not tmux.session.running()
    except Unreachable:  # it is just dying
        return False


def window(name: str, *panes: PanePlan, **more: object) -> WindowPlan:
    return WindowPlan(name, panes or (PanePlan(WAIT, "/"),), **more)  # type: ignore[arg-type]


def tagged(number: int) -> PanePlan:
    tags = {"@orchestra_worker": str(number), "@orchestra_nonce": f"n{number}", "@orchestra_label": f"#{number}"}
    return PanePlan(WAIT, "/", options=tags)


WORKSPACE = (
    window("orchestrator", role="orchestrator"),
    window("workers", *(tagged(n) for n in range(1, 13)), role="workers"),
)


# --- rules ---


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "panes", "good"),
    [
        pytest.param("tiled", 3, True, id="name"),
        pytest.param("main-vertical", 1, True, id="another name"),
        pytest.param("tilled", 2, False, id="misspelt: kills a 3.3a server"),
        pytest.param("#(x)", 2, False, id="command"),
        pytest.param("", 1, False, id="empty"),
        pytest.param("b25d,80x24,0,0,0", 1, True, id="drawn, one pane"),
        pytest.param("b25e,80x24,0,0,0", 1, False, id="wrong checksum"),
        pytest.param("b25d,80x24,0,0,0", 2, False, id="drawn for one pane, two wanted"),
        pytest.param("b25d,80x24,0,0,0\n", 1, False, id="newline"),
    ],
)
def test_layouts_are_the_five_names_or_drawn_ones_that_fit(text: str, panes: int, good: bool) -> None:
    if good:
        assert commands.checked_layout(text, panes) == text
    else:
        with pytest.raises(OrchestraError):
            commands.checked_layout(text, panes)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "expected"),
    [("x;", "x\\;"), (";", "\\;"), ("x", "x"), ("a;b", "a;b"), ("", ""), ("x;;", "x;\\;")],
)
def test_a_last_semicolon_is_escaped_in_argv(text: str, expected: str) -> None:
    assert commands.escape_argument(text) == expected


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "expected"),
    [("#(x)", "##(x)"), ("##", "####"), ("#[x", "#[x"), ("a#", "a##"), ("plain", "plain")],
)
def test_hashes_are_doubled_where_tmux_expands(text: str, expected: str) -> None:
    assert commands.escape_hashes(text) == expected


@pytest.mark.fast
@given(st.text())
def test_what_is_pasted_holds_no_control_character(text: str) -> None:
    kept = without_controls(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", kept)
    assert without_controls(kept) == kept


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[201~\rb", "a\nb"),
        ("a\x9b200~b", "ab"),
        ("\x1b\x1b[201~[201~x", "[201~x"),
        ("tab\tnewline\r\nend;", "tab\tnewline\nend;"),
    ],
)
def test_the_end_of_a_paste_cannot_be_pasted(text: str, expected: str) -> None:
    assert without_controls(text) == expected


@pytest.mark.fast
def test_a_bad_row_is_skipped_and_the_others_stand() -> None:
    good = "$1|@2|3|0|%4|1|7||123|124|n124|0||workers.1.workers|.|acme|x"
    text = "\n".join(["", "nonsense", good.replace("@2|3", "@2|_"), good, good.replace("acme|x", "other")])
    (row,) = parse_panes(text, "acme|x")
    assert (row.pane, row.worker, row.exit_status, row.role) == ("%4", "124", 7, "workers")


@pytest.mark.fast
@pytest.mark.parametrize("name", ["#(x)", "@x y", "status-right;", "-g", "", "A"])
def test_an_option_name_is_checked_because_tmux_expands_it(name: str) -> None:
    with pytest.raises(OrchestraError):
        commands.set_options("%1", {name: "on"})


@pytest.mark.fast
@pytest.mark.parametrize("text", ["", "a b", "1\n", "#{pid}", "x,y", "\u0661"])
def test_a_worker_or_nonce_that_could_be_a_format_is_refused(text: str) -> None:
    with pytest.raises(OrchestraError):
        commands.checked_word(text)


def test_importing_costs_no_subprocess_and_no_libtmux() -> None:
    ask = "import sys, orchestra.tmux.status_bar, orchestra.tmux.session, orchestra.tmux.client; print([n for n in ('subprocess', 'libtmux', 'shlex', 'json') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- the program and the server ---


@pytest.mark.parametrize(
    ("says", "good"),
    [
        ("tmux 3.2a", True),
        ("tmux 3.3a", True),
        ("tmux 3.10", True),
        ("tmux 4.0", True),
        ("tmux next-3.8", True),
        ("tmux master", True),
        ("tmux openbsd-7.5", True),
        ("tmux 3.2", False),
        ("tmux 3.1c", False),
        ("tmux 2.9", False),
    ],
)
def test_check_wants_3_2a(says: str, good: bool, tmp_path: Path, make: Callable[..., Tmux]) -> None:
    (tmp_path / "tmux").write_text(f"#!/bin/sh\necho {says}\n")
    (tmp_path / "tmux").chmod(0o755)
    old = make(PATH=str(tmp_path))
    if good:
        old.session.check()
    else:
        with pytest.raises(OrchestraError, match="too old") as caught:
            old.session.check()
        assert "install" in caught.value.hint


def test_check_says_how_to_install(tmp_path: Path, make: Callable[..., Tmux]) -> None:
    with pytest.raises(OrchestraError, match="not installed") as caught:
        make(PATH=str(tmp_path)).session.check()
    assert "install" in caught.value.hint


def test_a_path_too_long_for_a_socket_is_said_with_what_to_do(make: Callable[..., Tmux], tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    with pytest.raises(OrchestraError, match="bytes long") as caught:
        make(TMUX_TMPDIR=str(long)).session.check()
    assert "TMUX_TMPDIR" in caught.value.hint


# No control character but these two: tmux 3.4 and 3.5 print the others as `\037`.
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_word_arrives_as_it_is(text: str, tmux: Tmux, raw: Raw) -> None:
    if not tmux.session.running():
        worker(tmux, "1")
    wanted = f"{text}\\\n{text}'\";"
    tmux.server.send([[("set-option", "-g", "@x", wanted)]])
    assert tmux.server.ask_text("show-options", "-gv", "@x")[:-1] == wanted


def test_running_is_false_only_when_that_is_known(tmux: Tmux, make: Callable[..., Tmux], raw: Raw) -> None:
    assert not tmux.session.running()
    assert tmux.session.panes() == ()
    worker(tmux, "1")
    assert tmux.session.running()
    assert not make("other").session.running()
    os.kill(int(raw("display-message", "-p", "#{pid}")), signal.SIGKILL)
    assert eventually(lambda: known_closed(tmux))
    assert worker(tmux, "1").worker == "1"


def test_a_server_that_does_not_answer_is_unreachable(tmux: Tmux, raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    worker(tmux, "1")
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)
    pid = int(raw("display-message", "-p", "#{pid}"))
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unreachable):
            tmux.session.running()
        with pytest.raises(Unreachable):
            tmux.session.panes()
    finally:
        os.kill(pid, signal.SIGCONT)
    monkeypatch.undo()


def test_a_server_without_sessions_is_no_workspace(tmux: Tmux, raw: Raw) -> None:
    worker(tmux, "1")
    raw("set-option", "-s", "exit-empty", "off")
    raw("kill-session", "-t", f"={PROJECT}")
    assert raw("list-sessions") == ""
    assert not tmux.session.running()
    assert tmux.session.panes() == ()
    assert worker(tmux, "1").worker == "1"


def test_a_server_that_ends_under_us_is_started_again(make: Callable[..., Tmux], tmp_path: Path) -> None:
    real = shutil.which("tmux")
    ended = f'#!/bin/sh\ncase "$*" in *start-server*) [ -e {tmp_path}/once ] || {{ touch {tmp_path}/once; '
    (tmp_path / "tmux").write_text(
        f"{ended}echo 'server exited unexpectedly' >&2; exit 1; }} ;; esac\nexec {real} \"$@\"\n"
    )
    (tmp_path / "tmux").chmod(0o755)
    assert worker(make(PATH=f"{tmp_path}:{os.environ['PATH']}"), "1").worker == "1"
    assert (tmp_path / "once").exists()


def test_a_server_that_ends_while_it_is_asked_is_asked_again(make: Callable[..., Tmux], tmp_path: Path) -> None:
    real = shutil.which("tmux")
    ended = f"#!/bin/sh\n[ -e {tmp_path}/once ] || {{ touch {tmp_path}/once; "
    (tmp_path / "tmux").write_text(f"{ended}echo 'server exited unexpectedly' >&2; exit 1; }}\nexec {real} \"$@\"\n")
    (tmp_path / "tmux").chmod(0o755)
    assert make(PATH=f"{tmp_path}:{os.environ['PATH']}").session.panes() == ()
    assert (tmp_path / "once").exists()


def test_a_dead_program_that_tmux_has_not_noticed_is_asked_for(tmux: Tmux, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(*argv: str) -> client.TmuxReply:
        asked.append(argv[0])
        status = "3" if "run-shell" in asked else ""
        row = f"$0|@1|1|0|%2|1|{status}||77|1|n1|||workers.1.workers|.|{PROJECT}\n"
        return client.TmuxReply(0, row, "")

    monkeypatch.setattr(tmux.server, "ask", ask)
    assert [pane.exit_status for pane in tmux.session.panes()] == [3]
    assert asked == ["list-panes", "run-shell", "list-panes"]


def test_a_deleted_socket_is_not_a_dead_server(tmux: Tmux, raw: Raw) -> None:
    worker(tmux, "1")
    pid = int(raw("display-message", "-p", "#{pid}"))
    os.unlink(tmux.server.path)
    with pytest.raises(Unreachable) as caught:
        tmux.session.running()
    assert "orchestra up" in caught.value.hint
    assert tmux.server.reach()
    assert int(raw("display-message", "-p", "#{pid}")) == pid
    assert tmux.session.running()


def test_no_secret_of_the_caller_reaches_the_server(make: Callable[..., Tmux], raw: Raw, tmp_path: Path) -> None:
    tmux = make(GITHUB_TOKEN="canary-caller", LC_TIME="C")
    seen = tmp_path / "environment"
    argv = ("sh", "-c", f"env > {seen}.part; mv {seen}.part {seen}; exec sleep 1000")
    tmux.workspace.open([window("desk", PanePlan(argv, "/", environment={"KEY": "canary-plan\n'x'"}))])
    eventually(seen.exists)
    assert "canary-caller" not in seen.read_text()
    assert "KEY=canary-plan\n'x'" in seen.read_text()
    pid = raw("display-message", "-p", "#{pid}")
    told = Path(f"/proc/{pid}/environ").read_text() + Path(f"/proc/{pid}/cmdline").read_text()
    assert "canary" not in told + raw("show-environment", "-g") + raw("show-environment", "-t", f"={PROJECT}:")
    assert "title" not in told
    assert "LC_TIME=C" in told


def test_a_client_that_attaches_brings_no_environment(tmux: Tmux, raw: Raw, screen: Screen) -> None:
    worker(tmux, "1")
    raw("set-option", "-g", "update-environment", "CANARY")
    screen.run("env", "CANARY=secret", *tmux.clients.attach_argv({}))
    eventually(lambda: raw("list-clients"))
    assert "CANARY" not in raw("show-environment", "-t", f"={PROJECT}:")


# --- opening ---


def test_a_cold_workspace_opens_whole_and_opening_again_changes_nothing(tmux: Tmux, raw: Raw) -> None:
    assert tmux.workspace.open(WORKSPACE)
    assert len(tmux.session.panes()) == 12
    assert {pane.worker: pane.nonce for pane in tmux.session.panes()} == {str(n): f"n{n}" for n in range(1, 13)}
    before = raw.rows(
        "#{window_id} #{window_name} #{pane_id} #{pane_pid} #{pane_active} #{window_active} #{window_layout}"
    )
    assert len(before) == 13
    assert not tmux.workspace.open(WORKSPACE)
    assert before == raw.rows(
        "#{window_id} #{window_name} #{pane_id} #{pane_pid} #{pane_active} #{window_active} #{window_layout}"
    )
    assert raw("list-windows", "-F", "#{window_name} #{window_active}") == "orchestrator 1\nworkers 0"
    assert raw("list-sessions", "-F", "#{session_name} #{@orchestra_project}") == f"{PROJECT} {PROJECT}"


CONFIGS = {
    "plain": "",
    "indexes from 1": "set -g base-index 1\nset -gw pane-base-index 1\nset -g renumber-windows on",
    "a line that fails": "set -g nonsense on\nset -g base-index 3",
    "dangerous": "set -g destroy-unattached on\nset -s exit-unattached on\nset -g remain-on-exit off\n"
    "set -g allow-rename on\nset -g automatic-rename on\nset -g pane-border-status off\nset -g update-environment X",
    "other shell": "set -g default-command 'exec sh'\nset -g default-shell /bin/sh",
}


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("name", CONFIGS)
def test_under_any_user_config(name: str, locale: str, make: Callable[..., Tmux], raw: Raw, home: Path) -> None:
    (home / ".tmux.conf").write_text("set -g @mine yes\n" + CONFIGS[name])
    tmux = make(LC_ALL=locale)
    shell = window("shéll", PanePlan(cwd="/", keys=("echo one;", "echo t'wo")), role="shell")
    assert tmux.workspace.open([*WORKSPACE, shell])
    assert not tmux.workspace.open([*WORKSPACE, shell])
    assert raw("show-options", "-gv", "@mine") == "yes"
    assert worker(tmux, "99").worker == "99"
    assert len(tmux.session.panes()) == 13
    assert set(raw("list-windows", "-F", "#{window_name}").split("\n")) == {
        "orchestrator",
        "workers",
        "shéll",
        "workers-2",
    }
    pins = "#{pane_in_mode} #{pane-border-status} #{pane_dead} #{allow-rename} #{automatic-rename}"
    assert set(raw.rows(pins)) == {"0 top 0 0 0"}
    last = raw("list-panes", "-s", "-f", "#{==:#{window_name},shéll}", "-F", "#{pane_id}")
    eventually(
        lambda: "one;" in raw("capture-pane", "-p", "-t", last) and "t'wo" in raw("capture-pane", "-p", "-t", last)
    )


def test_the_users_config_can_be_left_out(make: Callable[..., Tmux], raw: Raw, home: Path) -> None:
    (home / ".tmux.conf").write_text("set -g @mine yes\n")
    assert make(user_config=False).workspace.open(WORKSPACE)
    assert not raw("show-options", "-gqv", "@mine")


def test_a_window_that_was_closed_comes_back_and_a_dead_pane_runs_again(tmux: Tmux, raw: Raw) -> None:
    plans = [
        window("orchestrator", role="orchestrator"),
        window("monitor", PanePlan(("sh", "-c", "exit 3")), role="monitor"),
    ]
    assert tmux.workspace.open([*plans, window("logs")])
    raw("kill-window", "-t", f"={PROJECT}:=logs")
    eventually(lambda: "1" in raw.rows("#{pane_dead}"))
    before = raw.rows("#{pane_id} #{window_name}")
    alive = [plans[0], window("monitor", role="monitor"), window("logs")]
    assert tmux.workspace.open(alive)
    assert raw.rows("#{pane_id} #{window_name}")[:2] == before
    assert raw.rows("#{window_name} #{pane_dead}") == ["orchestrator 0", "monitor 0", "logs 0"]
    assert not tmux.workspace.open(alive)


def test_two_opening_at_once_make_one_workspace(make: Callable[..., Tmux], raw: Raw) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: make().workspace.open(WORKSPACE), range(4)))
    assert sorted(made) == [False, False, False, True]
    assert len(raw.rows("#{pane_id}")) == 13


def test_what_a_window_plan_says_is_done(tmux: Tmux, raw: Raw, tmp_path: Path) -> None:
    odd = tmp_path / "a#(touch canary)%H#[x];"
    odd.mkdir()
    program = odd / "a program"
    program.write_text("#!/bin/sh\necho no shell read this; exec sleep 1000\n")
    program.chmod(0o755)
    panes = (
        PanePlan(WAIT, str(odd)),
        PanePlan((str(program),), "/", focus=True),
        PanePlan(WAIT, "/", options={"@y": "1;"}),
    )
    plan = window("two#(touch canary)", *panes, layout="main-vertical", options={"main-pane-width": "30"}, focus=True)
    assert tmux.workspace.open([window("first"), plan])
    assert raw("list-windows", "-F", "#{window_name} #{window_active}") == "first 0\ntwo\uff03(touch canary) 1"
    at = ("list-panes", "-t", f"={PROJECT}:{{end}}", "-F")
    assert raw(*at, "#{pane_active}") == "0\n1\n0"
    assert raw(*at, "#{pane_width}").startswith("30\n")
    assert raw(*at, "#{@y}").endswith("1;")
    eventually(lambda: raw(*at, "#{pane_current_path}").startswith(f"{odd}\n"))
    assert eventually(lambda: "no shell read this" in raw("capture-pane", "-p", "-t", f"={PROJECT}:{{end}}"))


def test_an_unknown_layout_is_an_error_before_anything_opens(tmux: Tmux) -> None:
    with pytest.raises(OrchestraError, match="layout"):
        tmux.workspace.open([window("a"), window("b", PanePlan(WAIT), PanePlan(WAIT), layout="garbage")])
    assert not tmux.session.running()


def test_a_window_that_does_not_open_whole_is_an_error_that_says_why(tmux: Tmux) -> None:
    with pytest.raises(OrchestraError, match=r"window odd: .*nonsense"):
        tmux.workspace.open([window("odd", PanePlan(WAIT), PanePlan(WAIT, options={"nonsense": "1"}), PanePlan(WAIT))])


# --- workers ---


def test_twenty_workers_at_once_from_nothing(make: Callable[..., Tmux], raw: Raw) -> None:
    with ThreadPoolExecutor(20) as pool:
        panes = list(pool.map(lambda n: worker(make(), str(n)), range(1, 21)))
    assert {pane.worker for pane in panes} == {str(n) for n in range(1, 21)}
    assert set(make().session.panes()) == set(panes)
    assert raw("list-windows", "-F", "#{window_name} #{window_panes}").split("\n") == [
        "workers 4",
        *(f"workers-{n} 4" for n in range(2, 6)),
    ]
    assert set(raw.rows("#{pane-border-status} #{remain-on-exit} #{pane_dead}")) == {"top on 0"}


def test_the_same_worker_many_times_at_once_is_one_pane(make: Callable[..., Tmux], raw: Raw) -> None:
    with ThreadPoolExecutor(8) as pool:
        panes = list(pool.map(lambda _: worker(make(), "1"), range(8)))
    assert len(set(panes)) == 1
    assert len(raw.rows("#{pane_id}")) == 1


def test_a_dead_pane_is_run_again_in_place_and_a_living_one_never(tmux: Tmux, raw: Raw) -> None:
    first = worker(tmux, "1", ("sh", "-c", "exit 7"))
    dead = eventually(lambda: [pane for pane in tmux.session.panes() if pane.dead])[0]
    assert (dead.id, dead.exit_status) == (first.id, 7)
    again = tmux.workspace.open_worker(WorkerPlan("1", "second", WAIT, "/", "again"), per_window=4)
    assert (again.id, again.nonce, again.dead, again.exit_status) == (first.id, "second", False, None)
    assert again.pid != first.pid
    with pytest.raises(OrchestraError, match="already") as caught:
        tmux.workspace.open_worker(WorkerPlan("1", "third", WAIT, "/"), per_window=4)
    assert caught.value.hint == "orchestra attach 1"
    assert tmux.session.panes() == (again,)


def test_a_killed_program_has_its_signal_as_status_and_the_hook_is_told(
    make: Callable[..., Tmux], tmp_path: Path
) -> None:
    told = tmp_path / "it's told"
    tmux = make(hook=("sh", "-c", 'echo "$@" >> "$0"; echo noise', str(told)))
    pane = worker(tmux, "1")
    os.kill(pane.pid, signal.SIGKILL)
    dead = eventually(lambda: [pane for pane in tmux.session.panes() if pane.dead])[0]
    assert dead.exit_status == (128 + signal.SIGKILL if this_tmux().has(EXIT_SIGNAL) else None)
    assert eventually(lambda: told.exists() and told.read_text()) == f"pane-died {pane.id}\n"


def test_no_worker_takes_the_persons_view(tmux: Tmux, raw: Raw) -> None:
    tmux.workspace.open([window("orchestrator", role="orchestrator")])
    for number in "123":
        worker(tmux, number)
    assert raw("list-windows", "-F", "#{window_name} #{window_active}") == "orchestrator 1\nworkers 0"
    raw("select-window", "-t", f"={PROJECT}:=workers")
    raw("select-pane", "-t", tmux.session.panes()[1].id)
    raw("resize-pane", "-Z", "-t", tmux.session.panes()[1].id)
    seen = raw("display-message", "-p", "-t", f"={PROJECT}:", "#{window_id} #{pane_id} #{window_zoomed_flag}")
    worker(tmux, "4")
    assert raw("display-message", "-p", "-t", f"={PROJECT}:", "#{window_id} #{pane_id} #{window_zoomed_flag}") == seen
    raw("resize-pane", "-Z", "-t", tmux.session.panes()[1].id)
    worker(tmux, "5")
    assert raw("display-message", "-p", "-t", f"={PROJECT}:", "#{pane_id}") == tmux.session.panes()[1].id
    assert raw("list-windows", "-F", "#{window_panes}") == "1\n4\n1"


def test_without_space_in_the_shared_window_the_worker_gets_its_own(tmux: Tmux, raw: Raw) -> None:
    worker(tmux, "1")
    raw("resize-window", "-t", f"={PROJECT}:=workers", "-x", "10", "-y", "3")
    worker(tmux, "2", per_window=50)
    assert worker(tmux, "3", per_window=50).worker == "3"
    assert len(tmux.session.panes()) == 3


def test_one_and_twelve_are_never_confused(tmux: Tmux) -> None:
    twelve, one = worker(tmux, "12"), worker(tmux, "1")
    tmux.pane_io.close(one)
    assert [pane.worker for pane in tmux.session.panes()] == ["12"]
    with pytest.raises(OrchestraError):
        tmux.pane_io.deliver(one, "text")
    assert worker(tmux, "1").id not in (one.id, twelve.id)


def test_a_project_never_sees_anothers_workers(make: Callable[..., Tmux], raw: Raw) -> None:
    ours, longer = make("acme"), make("acme-widgets")
    pane, other = worker(ours, "1"), worker(longer, "1")
    assert (ours.session.panes(), longer.session.panes()) == ((pane,), (other,))
    ours.workspace.shutdown()
    assert (ours.session.running(), longer.session.running()) == (False, True)
    assert longer.session.panes() == (other,)
    longer.workspace.shutdown()
    assert raw("list-sessions").startswith("failed: no server running")


@pytest.mark.parametrize("project", ["a.b:c", "日本-ab12", "#(touch canary)", "-x", "a b;", "x" * 90])
def test_any_project_name(project: str, make: Callable[..., Tmux]) -> None:
    tmux = make(project, LC_ALL="C")
    pane = worker(tmux, "1")
    assert tmux.session.panes() == (pane,)
    say_in_bar(tmux, "text")
    tmux.workspace.shutdown()
    assert not tmux.session.running()


def test_down_and_up_again_at_once(tmux: Tmux, raw: Raw) -> None:
    for _ in range(5):
        assert tmux.workspace.open(WORKSPACE)
        tmux.workspace.shutdown()
        assert raw("list-sessions").startswith(("failed: no server running", "failed: error connecting"))
        assert not tmux.session.running()


# --- words into a pane ---


def reader(file: Path) -> tuple[str, ...]:
    return ("sh", "-c", f"stty raw -echo; printf '\\033[?2004hready'; exec cat > {shlex.quote(str(file))}")


def ready(tmux: Tmux, number: str, file: Path) -> Pane:
    pane = worker(tmux, number, reader(file))
    eventually(lambda: "ready" in tmux.pane_io.capture(pane))
    return pane


def test_a_hundred_kilobytes_arrive_byte_for_byte(tmux: Tmux, raw: Raw, tmp_path: Path) -> None:
    file = tmp_path / "got"
    pane = ready(tmux, "1", file)
    text = "Guidance:\n" + "\tThe wörd 日本 #{pid} #(touch canary) $HOME `x` 'q' \"d\" \\\n" * 1700 + "end;"
    assert len(text.encode()) > 100_000
    tmux.pane_io.deliver(pane, text)
    wanted = b"\x1b[200~" + text.encode() + b"\x1b[201~"
    assert eventually(lambda: (got := file.read_bytes()).endswith(b"\x1b[201~") and got) == wanted
    tmux.pane_io.enter(pane)
    assert eventually(lambda: (got := file.read_bytes()).endswith(b"\r") and got) == wanted + b"\r"
    assert not raw("list-buffers")


def test_a_paste_cannot_be_ended_from_inside(tmux: Tmux, tmp_path: Path) -> None:
    file = tmp_path / "got"
    tmux.pane_io.deliver(ready(tmux, "1", file), "one\x1b[201~\rtwo\x03;")
    assert (
        eventually(lambda: (got := file.read_bytes()).endswith(b"\x1b[201~") and got) == b"\x1b[200~one\ntwo;\x1b[201~"
    )


def test_copy_mode_is_left_first(tmux: Tmux, raw: Raw, tmp_path: Path) -> None:
    file = tmp_path / "got"
    pane = ready(tmux, "1", file)
    raw("copy-mode", "-t", pane.id)
    tmux.pane_io.deliver(pane, "hello")
    tmux.pane_io.enter(pane)
    assert eventually(lambda: (got := file.read_bytes()).endswith(b"\r") and got) == b"\x1b[200~hello\x1b[201~\r"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda pane: pane._replace(nonce="another"), id="another nonce"),
        pytest.param(lambda pane: pane._replace(worker="11"), id="another worker"),
        pytest.param(lambda pane: pane._replace(id="%999"), id="no such pane"),
        pytest.param(lambda pane: pane._replace(id=""), id="no id"),
        pytest.param(lambda pane: pane._replace(id="%0\n"), id="id and newline"),
        pytest.param(lambda pane: pane._replace(nonce="x,}"), id="a nonce that is a format"),
    ],
)
def test_nothing_is_typed_or_closed_unless_the_pane_is_the_workers(
    change: Callable[[Pane], Pane], tmux: Tmux, raw: Raw, tmp_path: Path
) -> None:
    file = tmp_path / "got"
    stranger = change(ready(tmux, "1", file))
    for act in (
        lambda: tmux.pane_io.deliver(stranger, "text"),
        lambda: tmux.pane_io.enter(stranger),
        lambda: tmux.pane_io.capture(stranger),
    ):
        with pytest.raises(OrchestraError):
            act()
    if stranger.worker == "1" and stranger.id == tmux.session.panes()[0].id:
        with pytest.raises(OrchestraError):
            tmux.pane_io.close(stranger)
    else:
        tmux.pane_io.close(stranger)
    assert len(tmux.session.panes()) == 1
    assert file.read_bytes() == b""
    assert not raw("list-buffers")


def test_a_dead_pane_takes_no_words_but_still_tells(tmux: Tmux) -> None:
    pane = worker(tmux, "1", ("sh", "-c", "printf 'last \\033[31mwords\\007'; exit 1"))
    eventually(lambda: tmux.session.panes()[0].dead)
    with pytest.raises(OrchestraError, match="gone, dead, or not"):
        tmux.pane_io.deliver(pane, "text")
    eventually(lambda: tmux.pane_io.capture(tmux.session.panes()[0]) == "last words\n")
    tmux.pane_io.close(pane)
    tmux.pane_io.close(pane)
    assert tmux.session.panes() == ()


def test_what_a_pane_shows_is_read_whatever_the_locale(make: Callable[..., Tmux]) -> None:
    tmux = make(LC_ALL="C")
    pane = worker(tmux, "1", ("sh", "-c", "printf '\\342\\224\\200 d\\303\\251j\\303\\240'; exec sleep 1000"))
    eventually(lambda: tmux.pane_io.capture(pane).startswith("─ déjà"), 5)


def test_capture_reaches_back_into_the_history(tmux: Tmux) -> None:
    pane = worker(tmux, "1", ("sh", "-c", "seq 1 500; exec sleep 1000"))
    eventually(lambda: "\n500\n" in tmux.pane_io.capture(pane))
    assert "\n200\n" not in tmux.pane_io.capture(pane)
    assert "\n200\n" in tmux.pane_io.capture(pane, lines=400)


def test_empty_guidance_is_refused(tmux: Tmux) -> None:
    with pytest.raises(OrchestraError, match="nothing"):
        tmux.pane_io.deliver(worker(tmux, "1"), "\x1b\x00")


# --- what people see ---

HOSTILE = [
    "#(touch {canary})",
    "##(touch {canary})",
    "#{{E:@orchestra_bar}}",
    "#{{p2000000000:x}}",
    "#{{pid}} #S #W #I #H",
    "#[fg=red]red",
    "#[align=left]",
    "#[unterminated",
    "#",
    "##",
    "#,#}}",
    "a,b}}c{{d",
    "%H:%M %s",
    "x;",
    ";",
    "\\",
    "'; run-shell 'touch {canary}",
    '"; run-shell "touch {canary}',
    "$(touch {canary}) `touch {canary}` $HOME ~",
    "x\ntouch\t{canary}\n.",
    "-t",
    "é日本 \uff03",
    "\x1b[31mred\x1b]2;title\x07\x9b1m",
    "right \u202eto left\u200b",
    "0",
]


@pytest.fixture
def canary(guard: Path) -> Path:
    return Path(os.environ["TMUX_TMPDIR"], "c")


@pytest.fixture
def hostile(canary: Path) -> list[str]:
    return [text.format(canary=canary) for text in HOSTILE]


def nothing_ran(raw: Raw, canary: Path) -> None:
    raw("set-option", "-g", "status-left", f"#(touch {canary}-witness)")
    eventually(Path(f"{canary}-witness").exists, why="a command in a format would have been run by now")
    assert not canary.exists()


def test_the_bar_is_drawn_as_it_is_and_never_run(
    tmux: Tmux, raw: Raw, attached: Screen, hostile: list[str], canary: Path
) -> None:
    for text in hostile:
        say_in_bar(tmux, f"<{text}>", level=text)
        level = tmux.server.ask_text("show-options", "-v", "-t", f"={PROJECT}:", "@orchestra_level")
        assert level.removesuffix("\n") == clean(text)
        drawn = clean(f"<{text}>")
        eventually(lambda drawn=drawn: drawn in attached.lines()[-1], 5, f"bar {drawn!r}")  # type: ignore[misc]
    nothing_ran(raw, canary)


def test_borders_are_drawn_as_they_are_and_never_run(
    tmux: Tmux, raw: Raw, attached: Screen, hostile: list[str], canary: Path
) -> None:
    for number in range(1, 14):
        worker(tmux, str(number), per_window=99)
    raw("select-layout", "even-vertical")
    panes = [pane.id for pane in tmux.session.panes()]
    for at in range(0, len(hostile), len(panes)):
        texts = hostile[at : at + len(panes)]
        borders = {pane: Border("#7", f"<{text}>", 0, text, "#7") for pane, text in zip(panes, texts, strict=False)}
        tmux.status_bar.show(bar_saying(""), Look(), borders)
        for drawn in (clean(f"<{text}>") for text in texts):
            eventually(lambda drawn=drawn: attached.shows(drawn), 5, f"border {drawn!r}")  # type: ignore[misc]
    nothing_ran(raw, canary)


def test_what_is_said_is_drawn_as_it_is_and_never_run(
    tmux: Tmux, raw: Raw, attached: Screen, hostile: list[str], canary: Path
) -> None:
    raw("set-option", "-g", "display-time", "0")
    for text in hostile:
        tmux.clients.say(f"[{text}]")
        drawn = clean(f"[{text}]")
        eventually(lambda drawn=drawn: drawn in attached.lines()[-1], 5, f"said {drawn!r}")  # type: ignore[misc]
    raw("set-option", "-g", "display-time", "1")
    tmux.clients.say("the last one, so that the bar is drawn again")
    nothing_ran(raw, canary)


@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_printable_text_is_drawn_as_it_is(text: str, tmux: Tmux, attached: Screen) -> None:
    say_in_bar(tmux, f"<{text}>", Role.GOOD)
    eventually(lambda: clean(f"<{text}>") in attached.lines()[-1], 5, repr(text))


def test_the_bar_stands_before_the_persons_own(tmux: Tmux, raw: Raw, screen: Screen, home: Path) -> None:
    (home / ".tmux.conf").write_text(
        "set -g status-right 'mine #(echo job) %Y #{session_name}'\nset -g status-interval 1\n"
    )
    worker(tmux, "1")
    say_in_bar(tmux, "124 stuck", Role.ALARM)
    screen.run(*tmux.clients.attach_argv({}))
    wanted = re.compile(rf"124 stuck +mine job 20\d\d {PROJECT}$")
    eventually(lambda: wanted.search(screen.lines()[-1].rstrip()), why="bar, then theirs")
    assert raw("show-options", "-v", "-t", f"={PROJECT}:", "status-interval") == ""
    assert "\x1b" in screen.raw("capture-pane", "-p", "-e")


def test_a_role_has_its_style_and_sets_both_colours(tmux: Tmux, attached: Screen) -> None:
    seen = {}
    for role in Role:
        say_in_bar(tmux, f"at {role}", role)
        eventually(lambda role=role: f"at {role}" in attached.lines()[-1])  # type: ignore[misc]
        line = attached.raw("capture-pane", "-p", "-e").split("\n")[-1]
        drawn = [*styles(line)]
        words = "".join(char for char, _ in drawn)
        seen[role] = drawn[words.index(f"at {role}")][1]
        assert not weak_pairs(line), weak_pairs(line)
    assert len(set(seen.values())) == len(Role)
    assert all(None not in style.pair for style in seen.values())
    tmux.status_bar.show(bar_saying("at last", Role.ALARM), Look(plain=True))
    eventually(lambda: "at last" in attached.lines()[-1])
    drawn = [*styles(attached.raw("capture-pane", "-p", "-e").split("\n")[-1])]
    at = "".join(char for char, _ in drawn).index("at last")
    assert drawn[at][1].bold
    assert drawn[at][1].fg == drawn[0][1].fg


def test_the_bar_says_by_itself_that_the_monitor_stopped(tmux: Tmux, raw: Raw, attached: Screen) -> None:
    now = int(subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True).stdout)
    say_in_bar(tmux, "all well")
    tmux.status_bar.beat(now - 5.5)
    eventually(lambda: "all well" in attached.lines()[-1])
    tmux.status_bar.beat(now - 200)
    eventually(lambda: "monitor stopped" in attached.lines()[-1])
    tmux.status_bar.beat(now)
    eventually(lambda: "monitor stopped" not in attached.lines()[-1])
    assert "all well" in attached.lines()[-1]


def test_the_bar_finds_a_session_that_was_renamed(tmux: Tmux, raw: Raw) -> None:
    worker(tmux, "1")
    raw("rename-session", "-t", f"={PROJECT}", "mine")
    say_in_bar(tmux, "still here")
    assert raw("show-options", "-v", "-t", "=mine:", "@orchestra_bar") == "still here"
    assert worker(tmux, "2").worker == "2"
    assert len(tmux.session.panes()) == 2


def test_nothing_is_shown_while_closed(tmux: Tmux) -> None:
    say_in_bar(tmux, "text")
    tmux.status_bar.beat(1.0)
    tmux.clients.say("text")
    assert tmux.clients.terminals() == ()
    assert not tmux.session.running()


def test_say_is_read_and_terminals_are_the_clients(tmux: Tmux, attached: Screen) -> None:
    tmux.clients.say("#124 needs you: #[fg=red] #(x) %H")
    eventually(lambda: attached.shows("#124 needs you: #[fg=red] #(x) %H"))
    assert len(tmux.clients.terminals()) == 1
    assert tmux.clients.terminals()[0].startswith("/dev/")


def test_goto_shows_the_worker_or_the_window_of_a_role(tmux: Tmux, raw: Raw) -> None:
    tmux.workspace.open([window("orchestrator", role="orchestrator")])
    panes = [worker(tmux, number, per_window=2) for number in ("1", "12", "2")]
    for pane in panes:
        tmux.clients.goto(pane)
        assert raw("display-message", "-p", "-t", f"={PROJECT}:", "#{pane_id}") == pane.id
    tmux.clients.goto("orchestrator")
    assert raw("display-message", "-p", "-t", f"={PROJECT}:", "#{window_name}") == "orchestrator"
    for nowhere in (panes[0]._replace(nonce="x"), "nonsense", panes[0]._replace(id="%77")):
        with pytest.raises(OrchestraError):
            tmux.clients.goto(nowhere)


def test_going_somewhere_takes_no_key_from_who_has_just_pressed_the_prefix(
    make: Callable[..., Tmux], raw: Raw, attached: Screen
) -> None:
    where = raw("display-message", "-p", "-t", f"={PROJECT}:", "#{socket_path},#{pid},#{s/[$]//:session_id}")
    tmux = make(TMUX=where)
    pane = worker(tmux, "8", per_window=1)
    attached.raw("send-keys", "C-b")
    eventually(lambda: raw("list-clients", "-F", "#{client_key_table}") == "prefix", why="the prefix")
    tmux.clients.goto(pane)
    assert raw("display-message", "-p", "-t", f"={PROJECT}:", "#{pane_id}") == pane.id
    assert raw("list-clients", "-F", "#{client_key_table}") == "prefix"


def test_attach_is_by_where_the_terminal_is(tmux: Tmux) -> None:
    with pytest.raises(OrchestraError, match="not open"):
        tmux.clients.attach_argv({})
    worker(tmux, "1")
    path = tmux.server.path
    assert tmux.clients.attach_argv({}) == ("tmux", "-S", path, "attach-session", "-t", "$0")
    assert tmux.clients.attach_argv({"TMUX": ""}) == tmux.clients.attach_argv({})
    # $TMUX is that of a server that has ended
    assert tmux.clients.attach_argv({"TMUX": "/tmp/other dir/default,77,3"}) == tmux.clients.attach_argv({})


@pytest.mark.parametrize("socket", ["orchestra", "their own"])
def test_without_a_terminal_on_the_surrounding_server_nothing_is_brought(
    tmux: Tmux, screen: Screen, socket: str
) -> None:
    """tmux itself says `no current client`."""
    worker(tmux, "1")
    around = Raw(socket)
    around("new-session", "-d", "-s", "around", "--", "sleep", "1000")
    where = {**os.environ, "TMUX": around("display-message", "-p", "-t", "=around:", "#{socket_path},#{pid},0")}
    with pytest.raises(OrchestraError, match="no terminal is attached") as caught:
        tmux.clients.attach_argv(where)
    assert caught.value.hint == f"in a terminal: tmux -L orchestra attach-session -t ={PROJECT}"
    screen.run("tmux", "-L", socket, "attach", "-t", "=around")
    eventually(lambda: around("list-clients"), why="a terminal")
    verb = "switch-client" if socket == "orchestra" else "detach-client"
    assert tmux.clients.attach_argv(where)[3] == verb


def test_from_another_tmux_and_back(tmux: Tmux, raw: Raw, screen: Screen) -> None:
    tmux.workspace.open(
        [window("orchestrator", PanePlan(("sh", "-c", "echo our own pane; exec sleep 1000")), role="orchestrator")]
    )
    theirs = Raw("theirs")
    theirs("new-session", "-d", "-x", "200", "-y", "49", "-s", "mine", "--", "sh", "-c", "echo their pane; exec sh -i")
    screen.run("tmux", "-L", "theirs", "attach")
    eventually(lambda: screen.shows("their pane"))
    where = theirs("display-message", "-p", "#{socket_path},#{pid},#{s/[$]//:session_id}")
    theirs("send-keys", "-l", shlex.join(tmux.clients.attach_argv({**os.environ, "TMUX": where})))
    theirs("send-keys", "Enter")
    eventually(lambda: screen.shows("our own pane") and not screen.shows("their pane"), why="hop to ours")
    assert not theirs("list-clients")
    raw("detach-client", "-s", f"={PROJECT}")
    eventually(lambda: screen.shows("their pane") and not screen.shows("our own pane"), why="back on detach")


def test_the_lock_is_private_waits_and_says_who_is_in_the_way(
    tmux: Tmux, make: Callable[..., Tmux], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = f"{tmux.server.path}.orchestra"
    monkeypatch.setattr(client, "LOCK_SECONDS", 0.1)
    with tmux.server.locked():
        assert stat.S_IMODE(os.stat(lock).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(lock)).st_mode) == 0o700
        with pytest.raises(Unreachable, match="another process holds the lock") as caught:
            worker(make(), "1")
        assert lock in caught.value.hint
    assert worker(make(), "1").worker == "1"


def test_a_killed_holder_holds_nothing(tmux: Tmux) -> None:
    hold = (
        "import os, signal\nfrom orchestra.tmux.client import Server\n"
        "with Server('orchestra', os.environ).locked(): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", hold], check=False).returncode == -signal.SIGKILL
    assert worker(tmux, "1").worker == "1"


def test_many_workers_open_in_one_message(tmux: Tmux, raw: Raw) -> None:
    tmux.workspace.open([window("orchestrator", role="orchestrator")])
    plans = [WorkerPlan(str(number), f"n{number}", WAIT, "/", f"#{number}") for number in range(1, 11)]
    assert tmux.workspace.open([], plans, per_window=4)
    assert sorted(pane.worker for pane in tmux.session.panes()) == sorted(plan.worker for plan in plans)
    assert {(pane.worker, pane.nonce) for pane in tmux.session.panes()} == {(plan.worker, plan.nonce) for plan in plans}
    sizes = raw("list-windows", "-a", "-F", "#{window_panes}").split()
    assert sorted(sizes) == ["1", "2", "4", "4"]
    before = {pane.id for pane in tmux.session.panes()}
    assert not tmux.workspace.open([], plans, per_window=4)
    assert {pane.id for pane in tmux.session.panes()} == before


def test_a_pane_that_somebody_else_ends_at_the_same_moment_is_closed(
    tmux: Tmux, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane, within = worker(tmux, "1"), tmux.server.within

    def late(*args: Any, **more: Any) -> str:
        raw("kill-pane", "-t", pane.id)
        return within(*args, **more)

    worker(tmux, "2")
    monkeypatch.setattr(tmux.server, "within", late)
    tmux.pane_io.close(pane)
    assert [one.worker for one in tmux.session.panes()] == ["2"]


def test_the_version_is_that_of_the_running_server(tmux: Tmux, tmp_path: Path, make: Callable[..., Tmux]) -> None:
    """After an upgrade the program on PATH is newer than the server that still runs."""
    worker(tmux, "1")
    real = shutil.which("tmux")
    (tmp_path / "tmux").write_text(f'#!/bin/sh\ncase "$*" in *-V) echo tmux 99.0; exit;; esac\nexec {real} "$@"\n')
    (tmp_path / "tmux").chmod(0o755)
    newer = make(PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert newer.server.capabilities == this_tmux()
    tmux.workspace.shutdown()
    assert make(PATH=f"{tmp_path}:{os.environ['PATH']}").server.capabilities.version == (99, 0, "")


def test_what_this_tmux_lacks_is_told(tmux: Tmux) -> None:
    assert len(list(tmux.session.limits())) == len(list(this_tmux().losses()))


def test_text_with_dollars_is_read_as_it_is(tmux: Tmux, raw: Raw, tmp_path: Path) -> None:
    place = tmp_path / "a$b ${c} \\$d $ $1"
    place.mkdir()
    tmux.workspace.open([window("w", PanePlan(WAIT, str(place)))])
    pane = raw("list-panes", "-a", "-F", "#{pane_id}")
    assert tmux.pane_io.facts(pane) == ("", PROJECT, str(place))


def test_a_verbs_messages_go_through_libtmux_and_the_bar_does_without(
    tmux: Tmux, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    real = LibtmuxServer.cmd

    def cmd(self: LibtmuxServer, cmd: str, *args: Any, target: str | int | None = None) -> Any:
        sent.append(cmd)
        return real(self, cmd, *args, target=target)

    monkeypatch.setattr(LibtmuxServer, "cmd", cmd)
    pane = worker(tmux, "1")
    tmux.pane_io.deliver(pane, "text")
    tmux.clients.goto(pane)
    tmux.keys.bind(("orchestra",), {})
    assert {"start-server", "list-panes", "load-buffer", "select-window", "list-keys"} <= set(sent)
    sent.clear()
    StatusBar(Session(Server("orchestra", os.environ), PROJECT)).beat(1.0)
    assert Session(Server("orchestra", os.environ), PROJECT).running()
    assert sent == []
    tmux.workspace.shutdown()
    assert "kill-session" in sent


def test_libtmux_waits_no_longer_and_gives_a_server_no_more_of_the_environment(
    make: Callable[..., Tmux], monkeypatch: pytest.MonkeyPatch, raw: Raw
) -> None:
    tmux = make(CANARY="secret")
    worker(tmux, "1")
    assert "CANARY" not in raw("show-environment", "-g")
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)
    server = int(raw("display-message", "-p", "#{pid}"))
    os.kill(server, signal.SIGSTOP)
    try:
        with pytest.raises(Unreachable, match="did not answer"):
            LibtmuxServer(tmux.server).cmd("list-sessions")
    finally:
        os.kill(server, signal.SIGCONT)


def test_each_of_our_keys_is_known_again_however_tmux_prints_it(raw: Raw, make: Callable[..., Tmux]) -> None:
    """Or `down` would leave it on the user's own server, and the next `up` would take it for the user's."""
    raw("new-session", "-d", "--", *WAIT)
    tmux = make()
    program = ("env", "ORCHESTRA_HOME=/a home/'o'", "ORCHESTRA_STARTED_BY=tmux", "/a home/bin/orchestra")
    tmux.keys.bind(program, actions.chosen({}))
    bound = read_bindings(tmux.server)
    ours = {key: one.command for (table, key), one in bound.items() if table == key_bindings.TABLE and key != "Any"}
    assert set(ours) == set(actions.chosen({}).values())
    assert [key for key, command in ours.items() if not key_bindings.is_ours(command)] == []
    tmux.keys.bind(program, {"log": "L"})
    assert set(read_bindings(tmux.server)) & {(key_bindings.TABLE, key) for key in ours} == set()
