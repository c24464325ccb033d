"""The real Claude Code program for tests: npm packages of fixed versions, a private home, a tmux pane. Never the network.

A plugin of the tests. A test that asks for `claude_program` and is marked `real` runs once with each version that
`--agent-version` names; without it, with the newest one that is tested, and the main ones (`both_ends`) with the oldest.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestra.agents.claude.selftest import MessagesApi
from orchestra.agents.claude.selftest.sandbox import KEY, QUIET, private_home
from orchestra.agents.claude.tested_versions import MIDDLE, NEWEST, OLDEST, TESTED
from support.person import Person, configure

PACKAGE = "@anthropic-ai/claude-code"
DEFAULT = {False: ("newest",), True: ("newest", "oldest")}
WORDS = {"oldest": (OLDEST,), "middle": (MIDDLE,), "newest": (NEWEST,), "all": TESTED}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--agent-version", action="append", default=[], metavar="VERSION",
        help="run the tests marked `real` with this version of Claude Code; may be repeated: X.Y.Z, oldest, middle, "
        "newest (the default), all (these three), latest (npm's newest)",
    )  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "claude_version" in metafunc.fixturenames:
        main = metafunc.definition.get_closest_marker("both_ends") is not None
        found = versions_named(metafunc.config.getoption("--agent-version") or DEFAULT[main])
        metafunc.parametrize("claude_version", found, indirect=True, scope="session")


def install_cache(environ: Mapping[str, str]) -> Path:
    """Where the installed versions are kept: outside the checkout, so that all checkouts share them."""
    if environ.get("ORCHESTRA_TEST_CACHE"):
        return Path(environ["ORCHESTRA_TEST_CACHE"])
    return Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/"), ".cache")) / "orchestra-tests"


_CACHE = install_cache(os.environ)  # at import: the tests' guard hides the user's environment afterwards


def versions_named(names: Iterable[str]) -> list[str]:
    """The versions that `--agent-version` asks for, each once: numbers, `oldest`, `middle`, `newest`, `all`, `latest`."""
    found: list[str] = []
    for name in names:
        if name not in (*WORDS, "latest") and not re.fullmatch(r"\d+\.\d+\.\d+[\w.-]*", name):
            raise pytest.UsageError(f"--agent-version {name}: expected X.Y.Z, {', '.join(WORDS)} or latest")
        found += WORDS.get(name, (name,))
    return list(dict.fromkeys(latest() if version == "latest" else version for version in found))


def latest() -> str:
    """The version that npm installs today."""
    argv = ["npm", "view", PACKAGE, "version"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise pytest.UsageError(f"--agent-version latest: {' '.join(argv)}: {wrong}") from wrong
    if done.returncode != 0 or not done.stdout.strip():
        raise pytest.UsageError(f"--agent-version latest: {' '.join(argv)}: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()


@pytest.fixture(scope="session")
def claude_version(request: pytest.FixtureRequest) -> str:
    """The version that this run of the test is for."""
    return str(request.param)


@pytest.fixture(scope="session")
def claude_program(claude_version: str) -> Path:
    """The program, installed into the cache when absent; without npm the test is skipped, in CI it fails."""
    prefix = _CACHE / f"claude-{claude_version}"
    found = _installed(prefix, claude_version)
    if found is None:
        prefix.mkdir(parents=True, exist_ok=True)
        with (prefix / "lock").open("w") as lock:  # one installs, its neighbours under xdist wait
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = _installed(prefix, claude_version) or _install(prefix, claude_version)
    return found


def _install(prefix: Path, version: str) -> Path:
    said = "npm is not installed"
    if shutil.which("npm"):
        flags = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(prefix))
        argv = ["npm", "install", *flags, f"{PACKAGE}@{version}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
        program = _installed(prefix, version)
        if program:
            return program
        said = f"{' '.join(argv)} ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}"
    why = f"Claude Code {version} is not installed: {said}"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def _installed(prefix: Path, version: str) -> Path | None:
    """npm may have skipped the package's postinstall, which puts the platform's own program in place of a stub."""
    modules = prefix / "node_modules"
    platforms = sorted(modules.glob(f"{PACKAGE}-*/claude"))
    for program in (modules / ".bin" / "claude", *platforms):
        if program.is_file():
            done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60)
            if done.returncode == 0 and done.stdout.split()[:1] == [version]:
                return program
    return None


@contextmanager
def user_with_claude(repo: Path, home: Path, program: Path, git: Callable[..., str], number: str) -> Iterator[Person]:
    """A user of a repository on GitHub, with the real program and a model on loopback; `number` is the worker's."""
    private_home(home, repo)
    command = f"agents: {{claude: {{command: {program}, env: [CLAUDE_CODE_DISABLE_*]}}}}"
    configure(repo, command, "github: {poll: 1s}", "checks: {settle: 5s}", "notify: {desktop: false, bell: false}")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "config")
    git("-C", repo, "push", "-q", "origin", "main")
    with MessagesApi() as api:
        user = Person(repo, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(QUIET, "1")})
        yield user
        print(user.screen(number), user.runs("log", number, code=None).out)  # pytest shows it when the test fails


class Terminal:
    """A pane of a private tmux server that runs one program after another, 120 columns by 50 lines."""

    def __init__(self) -> None:
        self._tmux("new-session", "-d", "-x", "120", "-y", "50", "sleep 999", ";", "set", "-g", "remain-on-exit", "on")
        self.pane = ""

    def run(self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> None:
        names = [f"{name}={value}" for name, value in environment.items()]
        argv = ["new-window", "-d", "-P", "-F", "#{pane_id}", "-c", str(cwd), "--", "env", "-i", *names, *argv]
        self.pane = self._tmux(*argv).strip()

    def screen(self, *, colours: bool = True) -> str:
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []), "-t", self.pane)

    def past(self) -> str:
        """The screen with what scrolled away: the last words of a program that has ended."""
        return self._tmux("capture-pane", "-p", "-S", "-60", "-t", self.pane)

    def keys(self, *names: str) -> None:
        self._tmux("send-keys", "-t", self.pane, *names)

    def paste(self, text: str) -> None:
        self._tmux("load-buffer", "-b", "test", "-", given=text)
        self._tmux("paste-buffer", "-p", "-r", "-d", "-b", "test", "-t", self.pane)

    def format(self, wanted: str) -> str:
        """A tmux format of the pane, filled in."""
        return self._tmux("display", "-p", "-t", self.pane, wanted).strip()

    @property
    def pid(self) -> int:
        return int(self.format("#{pane_pid}"))

    @property
    def dead(self) -> bool:
        return self.format("#{pane_dead}") == "1"

    def _tmux(self, *argv: str, given: str | None = None) -> str:
        argv = ("tmux", "-f", "/dev/null", "-L", "claude", *argv)
        done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{argv[5]}: {done.stderr}"
        return done.stdout


@pytest.fixture
def terminal(guard: Path) -> Terminal:
    """A `Terminal` on this test's own socket; `guard` ends the server."""
    return Terminal()
