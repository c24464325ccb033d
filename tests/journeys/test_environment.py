"""One environment a project: whichever way a worker is started, it has what the user's shell had at `orchestra up`.

After `up` no command is typed with these variables again: what a key, the board, the queue or the monitor starts has
them from the record alone.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.github_double import Double
from support.paths import ROOT
from support.person import ASK, HANG, Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal, quick_fingers

pytestmark = pytest.mark.journey
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of processes")
Git = Callable[..., str]

WORK = '```script\nstatus working\nwrite a.txt "one"\ncommit One\nship\n```\n'
ORCHESTRA = shlex.join([sys.executable, "-P", "-m", "orchestra"])
# One variable of each class that an agent needs.
CLASSES = {
    "a key": ("ANTHROPIC_API_KEY", "canary-key"),
    "an address": ("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/canary"),
    "a proxy": ("HTTPS_PROXY", "http://127.0.0.1:9"),
    "a proxy in small letters": ("no_proxy", "127.0.0.1,localhost,canary"),
    "a cloud's profile": ("AWS_PROFILE", "canary-profile"),
    "a cloud's session": ("AWS_SESSION_TOKEN", "canary-session"),
    "certificates": ("SSL_CERT_FILE", "/canary.pem"),
    "a company's certificates": ("NODE_EXTRA_CA_CERTS", "/canary-company.pem"),
    "a login without a file": ("CLAUDE_CODE_OAUTH_TOKEN", "canary-login"),
    "a name of the config": ("DATABASE_URL", "sqlite:canary"),
    "a pattern of the config": ("APP_MODE", "canary"),
    "the language": ("LC_TIME", "C"),
}
NEVER = {"GH_TOKEN": "canary-token", "NPM_TOKEN": "canary-npm", "EDITOR": "canary-editor", "GIT_SSH_COMMAND": "ssh -4"}


class World:
    """A workspace that was opened from a shell with all canaries, and a second shell without any."""

    def __init__(self, repo: Path, tmp_path: Path) -> None:
        self.repo = repo
        self.agent = tmp_path / "agent.sock"
        self.path = f"{tmp_path}/canary-bin:{os.environ['PATH']}"
        given = dict(CLASSES.values()) | NEVER | {"SSH_AUTH_SOCK": str(self.agent), "PATH": self.path}
        self.first = Person(repo, given)
        self.bare = Person(repo, {"PATH": self.path})
        self.first.runs("up", "desk", "-d")
        here = self.bare.tmux("display-message", "-p", "#{session_name}:")
        self.bare.tmux("set-hook", "-u", "-t", here, "client-attached[87]")  # the greeting hides the bar for a while
        self.terminal = Terminal(120, 40)
        self.terminal.run(["tmux", "-L", "orchestra", "attach"])
        self.terminal.shows("no workers")

    def pid(self, number: str) -> int:
        """The process of a worker's agent, once it is one; 0 before."""
        for line in self.bare.tmux(
            "list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_dead} #{pane_pid}"
        ).splitlines():
            worker, _, rest = line.partition(" ")
            if worker == number and rest.startswith("0 "):
                try:
                    words = Path(f"/proc/{rest[2:]}/cmdline").read_bytes()
                except OSError:
                    return 0
                return int(rest[2:]) if b"scripted" in words else 0
        return 0

    def environment(self, number: str, but: int = 0) -> dict[str, str]:
        """What its agent was started with; `but` is an earlier process of it."""

        def agent() -> int:
            found = self.pid(number)
            return found if found != but else 0

        held = Path(f"/proc/{eventually(agent, 60, f'the agent of #{number}')}/environ").read_bytes()
        return dict(one.partition("=")[::2] for one in os.fsdecode(held).split("\0") if one)

    def key(self, *keys: str) -> None:
        eventually(lambda: "\u2518" not in self.terminal.text, why="the popup to close")
        self.terminal.key_table()
        self.terminal.press(*keys)

    def shell(self, line: str) -> None:
        self.terminal.type(f"clear; {line}")
        self.terminal.press("Enter")


@pytest.fixture
def world(repo: Path, tmp_path: Path, git: Git) -> Iterator[World]:
    quick_fingers()
    extra = "agents: {scripted: {env: [DATABASE_URL, 'APP_*']}}"
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 40}", extra)
    for number in range(1, 30):
        title = {6: "Picked", 27: "Boarded"}.get(number, f"Issue {number}")
        write_issue(repo, number, title, WORK if number == 29 else HANG)
    own = Path(os.environ["HOME"], ".config", "orchestra")
    own.mkdir(parents=True)
    (own / "config.yaml").write_text("auto: [{project: widgets, label: ready}]\n")
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "desk.yaml").write_text(
        "windows:\n  - {window_name: shell, role: shell, focus: true}\n  - {window_name: workers, role: workers}\n"
        "  - {window_name: monitor, role: monitor}\n"
    )
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent.sock"))
        agent.listen()
        found = World(repo, tmp_path)
        yield found
        found.terminal.end()


# --- the ways of starting: each starts a worker, and returns its number and an earlier process of it ---

Started = tuple[str, int]


def typed(world: World) -> Started:
    world.bare.runs("spawn", "1", "--no-wait")
    return "1", 0


def typed_in_the_workspace(world: World) -> Started:
    world.shell(f"{ORCHESTRA} spawn 2 --no-wait")
    return "2", 0


def by_key(world: World) -> Started:
    world.shell("echo 'see #3'; tput cuu 1; read wait")
    world.terminal.shows("see #3")
    world.key("s")
    world.environment("3")
    world.terminal.press("Enter")
    return "3", 0


def by_double_click(world: World) -> Started:
    world.shell("echo 'click #4 twice'")
    world.terminal.shows("click #4 twice")
    column, row = world.terminal.place("#4 twice")
    for _ in range(5):  # on a loaded machine two clicks may be too far apart to be a double one
        world.terminal.click(column + 1, row, times=2)
        with contextlib.suppress(pytest.fail.Exception):
            eventually(lambda: world.bare.runs("show", "4", code=None).code == 0, 5)
            break
    return "4", 0


def by_menu(world: World) -> Started:
    world.shell("echo 'click #5 right'")
    world.terminal.shows("click #5 right")
    world.terminal.press_right(world.terminal.place("#5 right")[0] + 1, world.terminal.place("#5 right")[1])
    world.terminal.shows("Spawn a worker on the issue here")
    world.terminal.press("s")
    return "5", 0


def by_the_issue_picker(world: World) -> Started:
    world.shell("")
    world.key("s")
    world.terminal.shows("Picked")
    world.terminal.type("picked")
    world.terminal.press("Enter")
    return "6", 0


def by_a_new_task(world: World) -> Started:
    return str(world.bare.asks("new", "Written", "-m", HANG)["number"]), 0


def by_the_form_of_a_new_task(world: World) -> Started:
    world.shell("")
    world.key("c")
    world.terminal.shows("Enter creates it")
    world.terminal.type("Formed")
    world.terminal.press("Tab")
    for line in HANG.strip().splitlines():
        world.terminal.type(line)
        world.terminal.press("Enter")
    world.terminal.press("C-s")
    listed = eventually(lambda: [one for one in world.bare.asks("issues")["issues"] if one["title"] == "Formed"], 60)
    return str(listed[0]["number"]), 0


def on_the_board(world: World) -> Started:
    world.key("b")
    world.terminal.shows("/ filter")
    world.terminal.press("/")
    world.terminal.type("Boarded")
    world.terminal.press("Enter")
    world.terminal.shows("#27 Boarded")
    world.terminal.press("s")
    world.environment("27")
    world.terminal.press("q")
    return "27", 0


def from_the_users_own_tmux(world: World) -> Started:
    line = world.bare.runs("keys", "--install").out.splitlines()[-1]
    command = shlex.split(line)[-1]
    other = Terminal(90, 20)
    other.run(["sh", "-c", f"cd {world.repo}; echo 'fix #8'; printf '\\033[A'; exec sleep 1000"])
    other.shows("fix #8")
    other("set-option", "-g", "default-shell", "/bin/sh")
    directory = other("display-message", "-p", "#{pane_current_path}").strip()
    assert directory == str(world.repo)
    other("run-shell", "-t", other("display-message", "-p", "#{pane_id}").strip(), command)
    world.environment("8")
    other.end()
    return "8", 0


def by_the_orchestrators_agent(world: World) -> Started:
    project = json.loads(world.bare.runs("list", "--json").out)["project"]
    own = {name: os.environ[name] for name in ("HOME", "PATH", "ORCHESTRA_HOME", "GIT_CONFIG_NOSYSTEM", "LC_ALL")}
    argv = [sys.executable, "-P", "-m", "orchestra", "spawn", "9", "--no-wait"]
    subprocess.run(argv, cwd=world.repo, env={**own, "ORCHESTRA_PROJECT": project}, check=True, capture_output=True)
    return "9", 0


def by_the_queue(world: World) -> Started:
    world.bare.runs("spawn", "10", "--after", "29")
    world.bare.runs("spawn", "29", "--no-wait")
    return "10", 0


def by_the_monitor(world: World) -> Started:
    world.bare.sees("1", "working")
    pid = world.pid("1")
    os.kill(pid, signal.SIGKILL)
    return "1", pid


def by_restart(world: World) -> Started:
    pid = world.pid("3")
    world.bare.runs("restart", "3")
    return "3", pid


def by_resume(world: World) -> Started:
    pid = world.pid("4")
    world.bare.runs("pause", "4")
    world.bare.runs("resume", "4")
    return "4", pid


def by_a_second_spawn(world: World) -> Started:
    pid = world.pid("5")
    pane = world.bare.asks("show", "5")["pane"]["id"]
    world.bare.tmux("kill-pane", "-t", pane)
    world.bare.runs("spawn", "5")
    return "5", pid


def by_the_next_day(world: World) -> Started:
    """Stopped by the budget of a day that is over."""
    pid = world.pid("2")
    world.bare.tmux("kill-pane", "-t", world.bare.asks("show", "2")["pane"]["id"])
    (journal,) = Path(os.environ["ORCHESTRA_HOME"]).glob("sessions/*/2.jsonl")
    facts = {"reason": "today's budget is used up", "until": "2026-01-08T00:00:00Z"}
    with journal.open("a") as file:
        file.write(json.dumps({"at": "2026-01-07T11:15:00Z", "event": "paused", "by": "x", "data": facts}) + "\n")
    return "2", pid


def by_a_rule(world: World) -> Started:
    write_issue(world.repo, 31, "Ready", HANG, labels="[ready]")
    return "31", 0


def by_up(world: World) -> Started:
    pid = world.pid("6")
    world.bare.tmux("kill-server")
    world.bare.runs("up", "-d")
    return "6", pid


Way = Callable[[World], Started]
# Every module that starts a worker, with the ways in which it does.
WAYS: dict[str, tuple[Way, ...]] = {
    "cli/workers.py": (typed, typed_in_the_workspace),
    "cli/worker.py": (by_a_rule,),
    "monitor/budgets.py": (by_the_next_day,),
    "cli/steer.py": (by_restart, by_resume),
    "cli/keys.py": (by_key, by_double_click, by_menu, from_the_users_own_tmux),
    "ui/popups.py": (by_key,),
    "ui/screens/choices.py": (by_the_issue_picker,),
    "ui/new_task.py": (by_a_new_task, by_the_form_of_a_new_task),
    "ui/screens/verbs.py": (on_the_board,),
    "commands/spawn.py": (by_a_second_spawn, by_the_orchestrators_agent),
    "commands/restart.py": (by_restart,),
    "commands/resume.py": (by_resume,),
    "commands/up.py": (by_up,),
    "cli/workspace.py": (by_up, typed),
    "monitor/reconcile.py": (by_the_queue, by_the_monitor),
    "workers/launch.py": (typed,),
}
AGAIN = (by_restart, by_resume, by_the_monitor, by_a_second_spawn, by_the_next_day)  # after the others
STARTERS = frozenset({"spawn", "spawned", "restart", "resume", "up"})  # verbs that start, by import
OPENERS = frozenset({"open_pane", "start_again", "resume_plans", "open_worker"})  # and what they start with
FROM = ("orchestra.commands.", "orchestra.ui.popups")


def starts(text: str) -> bool:
    """Whether a module's code starts a worker."""
    tree = ast.parse(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    verbs = [one for node in imports if (node.module or "").startswith(FROM) for one in node.names]
    names = {one.asname or one.name for one in verbs if one.name in STARTERS}
    modules = {one.asname or one.name for node in imports if node.module == "orchestra.commands" for one in node.names}
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(
        (isinstance(one, ast.Name) and one.id in names)
        or (isinstance(one, ast.Attribute) and one.attr in OPENERS)
        or (isinstance(one, ast.Attribute) and one.attr in STARTERS and getattr(one.value, "id", "") in modules)
        for one in called
    )


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("from orchestra.commands.spawn import spawn as begin\nbegin(project)", True),
        ("from orchestra.commands import resume\nresume.resume(project)", True),
        ("launch.open_pane(project)", True),
        ("from orchestra.commands.list import overview\noverview(project)", False),
    ],
)
def test_a_module_that_starts_a_worker_is_known(text: str, is_one: bool) -> None:
    assert starts(text) is is_one


@pytest.mark.fast
def test_every_module_that_starts_a_worker_has_its_ways_in_the_table() -> None:
    package = ROOT / "orchestra"
    found = {str(path.relative_to(package)) for path in package.rglob("*.py") if starts(path.read_text())}
    # The first opens the pane that it is told to; the other's agent is not a worker, in an environment without the user's.
    assert found - {"tmux/workspace.py", "doctor/agent_self_test.py"} == set(WAYS)


@linux
@pytest.mark.timeout(600)
def test_a_worker_has_the_same_environment_whichever_way_it_is_started(world: World) -> None:
    link = str(Path(os.environ["ORCHESTRA_HOME"], "ssh-agent"))
    ways = list(dict.fromkeys(way for those in WAYS.values() for way in those if way is not by_up))
    ways.sort(key=lambda way: way in AGAIN)
    wrong = []
    for way in (*ways, by_up):  # which ends the server, and so comes last
        number, earlier = way(world)
        held = world.environment(number, but=earlier)
        wrong += [f"{way.__name__}: {what}" for what, (name, value) in CLASSES.items() if held.get(name) != value]
        wrong += [f"{way.__name__}: {name} reaches the agent" for name in NEVER if name in held]
        if held.get("SSH_AUTH_SOCK") != link:
            wrong.append(f"{way.__name__}: SSH_AUTH_SOCK is {held.get('SSH_AUTH_SOCK')}")
        if world.path not in held.get("PATH", ""):
            wrong.append(f"{way.__name__}: PATH is {held.get('PATH')}")
    assert wrong == []
    assert os.readlink(link) == str(world.agent)


# --- what else reads it ---

SETTING = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "canary.here",
    "GIT_CONFIG_VALUE_0": "yes",
}  # of git, by variables
READERS = {  # a file that the reader writes its environment to, and variables that it must have
    "notify": ("HTTPS_PROXY", "BROWSER", "DATABASE_URL", "GIT_SSH_COMMAND"),
    "setup": ("HTTPS_PROXY", "DATABASE_URL", "ANTHROPIC_API_KEY"),
    "verify": ("HTTPS_PROXY", "DATABASE_URL", "ANTHROPIC_API_KEY"),
    "browser": ("HTTPS_PROXY", "BROWSER"),
    "pager": ("HTTPS_PROXY", "GIT_PAGER"),
    "pre-push": ("HTTPS_PROXY", "GIT_SSH_COMMAND", "DATABASE_URL", "GIT_ASKPASS", *SETTING),
}


def dumps(path: Path) -> str:
    """A command that leaves its environment in a file."""
    return f"sh -c 'env > {path}.part && mv {path}.part {path}'"


def test_hooks_notifications_browser_and_pager_read_it_too(
    github_repo: Path, github: Double, tmp_path: Path, git: Git
) -> None:
    places = {name: tmp_path / f"{name}.env" for name in READERS}
    configure(
        github_repo,
        "agent: scripted",
        "agents: {scripted: {env: [DATABASE_URL]}}",
        f"setup: {json.dumps(dumps(places['setup']))}",
        f"verify: {json.dumps(dumps(places['verify']))}",
        f"notify: {{desktop: false, bell: false, command: {json.dumps(dumps(places['notify']))}}}",
    )
    github.add_issue(number=1, title="Work", body=ASK)
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    programs = {"browser": tmp_path / "browser", "pager": tmp_path / "pager"}
    programs["pre-push"] = github_repo / ".git" / "hooks" / "pre-push"
    for name, program in programs.items():
        program.write_text(f"#!/bin/sh\n{dumps(places[name])}\n")
        program.chmod(0o755)
    own = {name: "canary" for those in READERS.values() for name in those}
    own |= SETTING | {"BROWSER": str(programs["browser"]), "GIT_PAGER": str(programs["pager"]), "NO_PROXY": "127.0.0.1"}
    Person(github_repo, own).runs("up", "-d")
    bare = Person(github_repo)
    bare.runs("spawn", "1")
    bare.sees("1", "stuck")
    bare.runs("tell", "1", "1")
    pane = bare.sees("1", "shipping")["pane"]["id"]
    session = bare.tmux("display-message", "-p", "-t", pane, "#{socket_path},#{pid},#{session_id}").replace("$", "")
    inside = Person(github_repo, {"TMUX": session, "TMUX_PANE": pane})
    inside.runs("key", "pull", pane)
    terminal = Terminal(100, 30)
    words = [sys.executable, "-P", "-m", "orchestra", "diff", "1"]
    terminal.run(["env", "-C", str(github_repo), f"TMUX={session}", f"TMUX_PANE={pane}", *words])
    for name, wanted in READERS.items():
        held = eventually(lambda name=name: places[name].exists() and places[name].read_text(), 30, name)  # type: ignore[misc]
        missing = [one for one in wanted if f"{one}={own[one]}" not in str(held).splitlines()]
        assert not missing, (name, missing)
    terminal.end()


def test_a_second_login_brings_its_ssh_agent_and_a_shell_that_outlived_its_login_does_not(
    repo: Path, tmp_path: Path
) -> None:
    configure(repo)
    agents = [tmp_path / "first.sock", tmp_path / "second.sock"]
    link = Path(os.environ["ORCHESTRA_HOME"], "ssh-agent")
    first, second = (Person(repo, {"SSH_AUTH_SOCK": str(path)}) for path in agents)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(agents[0]))
        listening.listen()
        first.runs("up", "-d")
        assert link.resolve() == agents[0]
    agents[0].unlink()  # the login ends
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(agents[1]))
        listening.listen()
        second.runs("list")
        assert link.resolve() == agents[1]
        first.runs("list")  # a terminal that was left open
        assert link.resolve() == agents[1]
        Person(repo, {"SSH_AUTH_SOCK": str(link)}).runs("list")
        assert link.resolve() == agents[1]


def test_a_difference_is_told_once_and_up_renews_it(repo: Path, git: Git) -> None:
    configure(repo)
    write_issue(repo, 1, "Hang", HANG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    old, new = Person(repo, {"HTTPS_PROXY": "http://127.0.0.1:1"}), Person(repo, {"HTTPS_PROXY": "http://127.0.0.1:2"})
    old.runs("up", "-d")
    old.runs("spawn", "1")
    said = new.runs("list").err
    assert said == "orchestra: HTTPS_PROXY differs from the one the workers use: orchestra up --environment renews it\n"
    assert new.runs("list").err == ""
    assert json.loads(new.runs("list", "--json").out)["workers"]
    found = [one["what"] for one in new.asks("doctor", code=None)["findings"] if one["id"] == "E11"]
    assert found == ["HTTPS_PROXY: not the same in this shell as for the workers"]
    shown = new.runs("doctor", "--environment").out
    assert "HTTPS_PROXY" in shown
    assert "127.0.0.1" not in shown
    new.runs("up", "-d", "--environment")
    assert [one for one in new.asks("doctor", code=None)["findings"] if one["id"] == "E11"] == []
    kept = json.loads(next(Path(os.environ["ORCHESTRA_HOME"]).glob("cache/*/environment.json")).read_text())
    assert kept["variables"]["HTTPS_PROXY"] == "http://127.0.0.1:2"


@pytest.mark.parametrize("command", [["list"], ["issues"], ["doctor"]])
def test_a_look_at_a_repository_without_a_workspace_leaves_nothing(repo: Path, command: list[str]) -> None:
    configure(repo)
    Person(repo).runs(*command, code=None)
    assert not Path(os.environ["ORCHESTRA_HOME"]).exists()


def test_doctor_asks_git_with_the_environment_that_the_monitor_has(
    github_repo: Path, github: Double, tmp_path: Path, git: Git
) -> None:
    """A remote over ssh, whose `ssh` answers only to the one who has the agent."""
    ssh = tmp_path / "ssh"
    ssh.write_text(
        f'#!/bin/sh\n[ "$SSH_AUTH_SOCK" ] || {{ echo "git@github.com: Permission denied (publickey)." >&2; exit 255; }}\n'
        f"exec git-upload-pack {tmp_path}/widgets.git\n"
    )
    ssh.chmod(0o755)
    configure(github_repo, "agent: scripted")
    git("-C", github_repo, "config", "remote.origin.url", "git@github.com:acme/widgets.git")
    git("-C", github_repo, "config", "--remove-section", f"url.{tmp_path}/widgets.git")
    without = Person(github_repo, {"GIT_SSH_COMMAND": str(ssh)})
    without.runs("up", "-d")
    (found,) = [one for one in without.asks("doctor", code=1)["findings"] if one["id"] == "E10"]
    assert found["what"].startswith("git does not reach origin: git@github.com: Permission denied (publickey).;")
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent.sock"))
        agent.listen()
        having = Person(github_repo, {"GIT_SSH_COMMAND": str(ssh), "SSH_AUTH_SOCK": str(tmp_path / "agent.sock")})
        assert having.asks("doctor", code=0)["findings"] == []
    assert without.asks("doctor", code=0)["findings"] == [], "it is recorded now"
