"""One tmux server: its socket, the lock beside it, and how a client of it is run. Says absent only when certain."""

from __future__ import annotations

import os
import re
import select
from contextlib import contextmanager

from orchestra.core.models import Pane
from orchestra.core.packages import install_hint as package_hint
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.core.waiting import wait_until
from orchestra.errors import OrchestraError, Unreachable
from orchestra.processes import listens, make_socket_again
from orchestra.storage.files import locked, make_private
from orchestra.tmux import capabilities
from orchestra.tmux.capabilities import PRINTS_DOLLARS, Capabilities
from orchestra.tmux.commands import checked_pane_id, checked_word, script

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from orchestra.tmux.commands import Group

    Carry = Callable[["Server", Sequence[str], Mapping[str, str], str], "TmuxReply"]

ANSWER_SECONDS = 10.0
LOCK_SECONDS = 60.0
PUSH_SECONDS = 1.0
LOOKS = 8  # at what tmux answers, until it has had the time to answer whole
TOO_BUSY = ("tmux is too busy: it leaves out parts of its answers", "wait a moment, then try again")
KEPT = (
    *("PATH", "HOME", "LANG", "TERM", "SHELL", "USER", "LOGNAME", "XDG_CONFIG_HOME", "TMUX_TMPDIR"),
    # What a browser and the desktop's notifications are reached by, from a key and from the monitor.
    *("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
)
TOKENS = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")  # never in a tmux's environment


def install_hint(environ: Mapping[str, str]) -> str:
    """How to install a tmux that is new enough."""
    return package_hint("tmux", capabilities.version_text(), environ)


class TmuxReply(Record):
    """What a client said. `absent`: there is no server, for certain."""

    code: int
    out: str
    err: str
    absent: bool = False


class _Ended(Unreachable):
    """The server ended while it was asked: what was sent did nothing, and may be sent again."""


class _Started(Unreachable):
    """The server came up between the question and the look at who listens."""


class SocketGone(Unreachable):
    """The server runs, and the file of its socket was removed."""


class Server:
    """The server of `tmux -L name` as the person with `environ` reaches it; little of `environ` goes to the server.

    A `name` that is a path is the user's own server there, in which we are a guest.
    """

    def __init__(self, name: str, environ: Mapping[str, str], carry: Carry | None = None) -> None:
        self.name = name
        self.carry = carry or run_client
        self.guest = name.startswith("/")
        self.caller = environ
        self._capabilities: Capabilities | None = None
        # The first client's whole environment would be in every later pane.
        self.environ = {k: v for k, v in environ.items() if k in KEPT or k.startswith("LC_")}
        if self.guest:
            self.path = os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
            self.flags: tuple[str, ...] = ("-S", self.path)
            self.argv: tuple[str, ...] = ("tmux", "-u", *self.flags)
            # Theirs begins as they would begin it, but for what nobody's pane should have.
            left = (*TOKENS, "TMUX", "TMUX_PANE")
            self._first = {k: v for k, v in environ.items() if k not in left and not k.startswith("ORCHESTRA_")}
        else:
            self.path = os.path.join(socket_directory(environ), name)
            self.flags = ("-L", name)
            self.argv = ("tmux", "-u", *self.flags, "-f", os.devnull)
            self._first = self.environ

    def line(self, *argv: str) -> str:
        """The command line that says `argv` to this server."""
        import shlex

        return shlex.join(("tmux", *self.flags, *argv))

    @property
    def capabilities(self) -> Capabilities:
        """What the running server can do; while there is none, what the program that would start it can do."""
        if self._capabilities is None:
            said = self.ask("display-message", "-p", "#{version}")
            if said.code or not said.out.strip():
                return capabilities.parse(self.ask("-V").out)
            self._capabilities = capabilities.parse(said.out)
        return self._capabilities

    def ask(self, *argv: str, text: str | None = None, inside: str = "") -> TmuxReply:
        """Run one client, with `text` on its standard input. Raises Unreachable when the server gives no answer.

        To tmux the client is `inside` that pane: what names no client goes to a terminal of the pane's session.
        """
        said = self._run(argv, text, inside)
        if said.code == 0:
            return said
        try:
            return self._judged(said)
        except (_Started, _Ended):
            select.select((), (), (), 0.02)
            said = self._run(argv, text, inside)
            return said if said.code == 0 else self._judged(said)

    def ask_text(self, *argv: str) -> str:
        """What a client prints, where that may hold any text: exactly, whatever the version does to a `$`."""
        said = self.ask(*argv).out
        if "\\$" in said and not self.capabilities.has(PRINTS_DOLLARS):
            return re.sub(r"\\(\$[A-Za-z_{])", r"\1", said)
        return said

    def _run(self, argv: Sequence[str], text: str | None, inside: str = "") -> TmuxReply:
        environ = self._first if argv[0] == "start-server" else self.environ
        return self.carry(self, argv, {**environ, "TMUX_PANE": inside} if inside else environ, text or "")

    def reach(self) -> bool:
        """Have a server without a socket file make it again; whether that was done."""
        try:
            self.ask("list-sessions")
        except SocketGone:
            return make_socket_again(self.path) and wait_until(lambda: os.path.exists(self.path), ANSWER_SECONDS, 0.005)
        return False

    def send(self, groups: Iterable[Group], *, begin: bool = False) -> TmuxReply:
        """Have command groups run one after another with nothing in between; `begin` starts a server for them.

        They go over standard input: in argv they would be shown by `ps`, for ever in the server's, and end at 16 KiB.
        """
        first = ("start-server", ";") if begin else ()
        wanted = script(groups)
        for pause in (0.02, 0.1, 0.5) if begin else ():
            try:
                return self.ask(*first, "source-file", "-", text=wanted)
            except _Ended:  # the one before us, just now
                select.select((), (), (), pause)
        return self.ask(*first, "source-file", "-", text=wanted)

    def within(self, pane: Pane, commands: Group, *before: str, text: str | None = None, dead: bool = False) -> str:
        """Have commands run if the pane still carries worker and nonce: asked and done by the server in one step."""
        checked_pane_id(pane.id)
        owner = f"{checked_word(pane.worker)} {checked_word(pane.nonce)}"
        is_it = f"#{{==:#{{@orchestra_worker}} #{{@orchestra_nonce}},{owner}}}"
        wanted = is_it if dead else f"#{{&&:{is_it},#{{==:#{{pane_dead}},0}}}}"
        then = script([commands]).strip()
        argv = (*before, "if-shell", "-F", "-t", pane.id, wanted, then, "display-message -p -- refused-by-orchestra")
        said = self.ask(*argv, text=text)
        if said.code or said.out.strip() == "refused-by-orchestra":
            why = f"pane {pane.id} is gone, dead, or not that of #{pane.worker} any more"
            raise OrchestraError(f"{why}{said.err and ': '}{clean(said.err)}", f"run `orchestra show {pane.worker}`")
        return said.out

    def push(self, *argv: str) -> None:
        """Like `ask`, but no answer, no error, and at most a second: for what stays open, as a popup does."""
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in range(3)]
        try:
            pid = os.posix_spawnp("tmux", [*self.argv, *argv], self.environ, file_actions=null)
            wait_until(lambda: os.waitpid(pid, os.WNOHANG)[0] != 0, PUSH_SECONDS, 0.001)
        except OSError:
            return

    def ended(self, seconds: float) -> bool:
        """Wait until the server is gone, so that a new one can start; False when it is still there."""
        return wait_until(self._gone, seconds, 0.005)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time chooses and opens windows. A killed holder holds nothing."""
        path = f"{self.path}.orchestra"
        lock = locked(path, LOCK_SECONDS)
        try:
            make_private(os.path.dirname(path))
            lock.__enter__()
        except OSError as error:
            raise OrchestraError(f"cannot open {path}: {error.strerror}", "run `orchestra doctor`") from None
        try:
            yield
        finally:
            lock.__exit__()

    def _gone(self) -> bool:
        try:
            return self.ask("list-sessions").absent
        except Unreachable:
            return False

    def _judged(self, said: TmuxReply) -> TmuxReply:
        """A failed client: no server, an unreachable one, or just a command that failed."""
        if said.err.startswith(("no server running", "error connecting")) and "Permission denied" not in said.err:
            if not listens(self.path):
                return said._replace(absent=True)
            if os.path.exists(self.path):  # it has come up since it was asked
                raise _Started("the tmux server has just started", "run the same again")
            raise SocketGone("tmux runs, but its socket is gone", "have it make its socket again: orchestra up")
        if said.err.startswith(("server exited", "lost server")):
            raise _Ended(f"the tmux server has just ended: {clean(said.err)}", "run the same again")
        if said.err.startswith(("error connecting", "couldn't create directory")):
            raise Unreachable(f"tmux does not answer: {clean(said.err)}", "run `orchestra doctor`")
        return said


def run_client(server: Server, argv: Sequence[str], environ: Mapping[str, str], text: str) -> TmuxReply:
    """Run one tmux client, with `text` on its standard input."""
    import subprocess

    try:
        done = subprocess.run(
            [*server.argv, *argv],
            input=text.encode("utf-8", "replace"),
            capture_output=True,
            env=environ,
            cwd="/",  # the server stays in its first client's directory for ever
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise OrchestraError("tmux is not installed", install_hint(server.caller)) from None
    except subprocess.TimeoutExpired:
        raise Unreachable(f"tmux did not answer within {ANSWER_SECONDS:.0f} s", "run `orchestra doctor`") from None
    return TmuxReply(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def socket_directory(environ: Mapping[str, str]) -> str:
    """The directory of the sockets that `tmux -L` means, as tmux finds it."""
    base = os.path.realpath(environ.get("TMUX_TMPDIR") or "/tmp")  # noqa: S108 - tmux's own default
    if not os.path.isdir(base):
        base = os.path.realpath("/tmp")  # noqa: S108 - what tmux falls back to
    return os.path.join(base, f"tmux-{os.getuid()}")


def own_server(environ: Mapping[str, str]) -> str:
    """The socket of the user's own server: the one they are in, else their default one."""
    outer = surrounding_session(environ)
    return outer[0] if outer else os.path.join(socket_directory(environ), "default")


def surrounding_session(environ: Mapping[str, str]) -> Sequence[str]:
    """The tmux this process sits in, as (socket path, session id); empty outside of tmux."""
    path, _, rest = environ.get("TMUX", "").partition(",")
    number = rest.rpartition(",")[2]
    return (path, f"${number}") if path and number.isdigit() else ()


def attach_argv(path: str, session: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """What brings the terminal of `environ` to the session of the server at `path`, from wherever it is.

    Another tmux's client leaves that one for ours and comes back when it detaches: never one inside the other.
    """
    outer = surrounding_session(environ)
    if not outer:
        return ("tmux", "-S", path, "attach-session", "-t", session)
    if os.path.realpath(outer[0]) == os.path.realpath(path):
        return ("tmux", "-S", path, "switch-client", "-t", session)
    import shlex

    bare = ("env", "-u", "TMUX", "-u", "TMUX_PANE", "tmux")
    there = shlex.join((*bare, "-S", path, "attach-session", "-t", session))
    back = shlex.join((*bare, "-S", outer[0], "attach-session", "-t", outer[1]))
    return ("tmux", "-S", outer[0], "detach-client", "-E", f"{there}; {back}")
