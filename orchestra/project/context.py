"""`Orchestra`: one project's config, files, tmux server, repository and tracker. The only place that constructs edges.

Nothing outside is asked until it is needed: an edge is made at its first use, so `list` never pays for GitHub.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orchestra import agents
from orchestra.core import actions
from orchestra.core.blockers import Blocker
from orchestra.core.look import look_of
from orchestra.core.models import AgentContext, AgentOptions, Issue, Worker
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, UsageError
from orchestra.git import shared_config
from orchestra.git.change import Change
from orchestra.git.remotes import Address, Choice, Hosts, RemoteSettings, Wishes, choose
from orchestra.git.worktrees import Repository
from orchestra.project import entry_points, folders, identity, remote_hosts, tmux_server
from orchestra.storage import closed_repositories, project_environment, project_info
from orchestra.storage.files import read_text
from orchestra.storage.project_info import ProjectInfo
from orchestra.storage.session_store import Store
from orchestra.tmux.status_bar import StatusBar
from orchestra.trackers.combined import CombinedTracker
from orchestra.trackers.local import LocalTracker

if TYPE_CHECKING:
    from orchestra.config import schema
    from orchestra.github.client import ApiClient
    from orchestra.github.poller import Poller
    from orchestra.github.tracker import GitHubTracker
    from orchestra.tmux.clients import AttachedClients
    from orchestra.tmux.keyboard import KeyBindings
    from orchestra.tmux.pane_io import PaneIO
    from orchestra.tmux.session import Session
    from orchestra.tmux.workspace import Workspace

CONFIG_NAME = "orchestra.yaml"


class Tracker(Protocol):
    """Where issues come from: GitHub, or Markdown files."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Of the last `issues()`: one sentence for each issue that could not be read, and was left out."""
        ...

    def issue(self, number: str) -> Issue:
        """One issue; raises OrchestraError when there is none."""
        ...

    def issues(self) -> tuple[Issue, ...]:
        """The open issues, by number."""
        ...

    def search(self, text: str) -> tuple[Issue, ...]:
        """The open issues that a text in the tracker's search language finds."""
        ...

    def blockers(self, issue: Issue) -> tuple[Blocker, ...]:
        """The open issues that must be done before this one."""
        ...


class Project:
    """One project as seen from one command. `environ` and `now` (epoch seconds) come from the command line."""

    def __init__(
        self, repository: Repository, environ: Mapping[str, str], now: Callable[[], float], *, typed: bool = False
    ) -> None:
        self.now = now
        self.home = home_of(environ)
        self.folder = folders.folder_of(repository, self.home, environ)
        self.root = os.path.join(repository.root, self.folder) if self.folder else str(repository.root)
        self.identity = identity.identity_of(repository, self.home, folders.suffix(self.folder))
        self.key = self.identity.key
        self.store = Store(self.home, self.key, now)
        self.recorded = project_environment.read(self.store.cache)  # the environment of the project
        self.environ: Mapping[str, str] = project_environment.effective(self.recorded, environ, typed=typed)
        self.repository = repository.in_environment(self.environ)
        self.repository.accepted = lambda: shared_config.accepted(self.store.cache)
        self.repository.choice = self.where
        self.fetched: dict[str, float] = {}  # bases, and when (monotonic)
        self.stale_bases: dict[str, str] = {}  # bases that could not be fetched, and the sentence that says so
        self._aliases: dict[str, str] = {}  # of ssh, by name; asked once

    @cached_property
    def config(self) -> schema.Config:
        """The checked configuration: defaults, then the user's file, then the repository's in the main checkout."""
        from orchestra.config import schema  # its checks cost 20 ms, and Tab needs none of them

        base = self.environ.get("XDG_CONFIG_HOME") or os.path.join(self.environ.get("HOME", "/"), ".config")
        places = (os.path.join(base, "orchestra", "config.yaml"), os.path.join(self.root, CONFIG_NAME))
        named = [_short(path, self.root) for path in places]
        found = zip(named, map(_text_at, places), strict=True)
        try:
            return schema.load([(name, text) for name, text in found if text is not None], repository=named[-1])
        except UsageError as wrong:
            raise UsageError(wrong.message, wrong.hint or "correct it there, then run this again") from None

    @cached_property
    def tmux_direct(self) -> Session:
        """The session on the tmux server where it is open, else on the one that the config wants.

        Asked without libtmux, whose import costs 65 ms: for the list of workers and the bar.
        """
        return tmux_server.session_of(self.config.tmux, self.key, self.environ, self.bearings)

    @cached_property
    def tmux(self) -> Session:
        """The same session, asked through libtmux."""
        return tmux_server.by_libtmux(self.tmux_direct)

    @property
    def workspace(self) -> Workspace:
        """Opens and ends the session, its windows and the workers' panes."""
        from orchestra.tmux.workspace import Workspace

        return Workspace(
            self.tmux,
            hook=self.hook("tmux"),
            user_config=self.config.tmux.user_config,
            version=entry_points.installed_version(),
        )

    @property
    def panes(self) -> PaneIO:
        """What goes into the workers' panes and comes out of them."""
        from orchestra.tmux.pane_io import PaneIO  # this and the two below are 8 ms that `list` does without

        return PaneIO(self.tmux)

    @property
    def clients(self) -> AttachedClients:
        """The terminals that are attached to the session."""
        from orchestra.tmux.clients import AttachedClients

        return AttachedClients(self.tmux)

    @property
    def key_bindings(self) -> KeyBindings:
        """The keys of the session's server."""
        from orchestra.tmux.keyboard import KeyBindings

        return KeyBindings(self.tmux, self.config.tmux.key)

    @property
    def status_bar(self) -> StatusBar:
        """The bar, the borders and the marks of windows."""
        return StatusBar(self.tmux_direct)

    @cached_property
    def tracker(self) -> Tracker:
        """GitHub when the remote is GitHub or the config says so, else the Markdown files."""
        local = LocalTracker(self.root)
        return local if self.tracker_name == "local" else CombinedTracker(lambda: self.github, local)

    @cached_property
    def github(self) -> GitHubTracker:
        """The GitHub tracker of this repository's remote, with the token found for its host."""
        from orchestra.github.tracker import GitHubTracker

        return GitHubTracker(self.github_client(eager=True), self.now, self.head_repo)

    @cached_property
    def watch(self) -> Poller:
        """The polling side of GitHub, with what it keeps on disk."""
        from orchestra.github.poller import Poller

        return Poller(self.github_client(), self.now)

    def watch_for(self, seconds: float) -> Poller:
        """The same, with its own patience: for each wait, in seconds."""
        from orchestra.github.poller import Poller

        return Poller(self.github_client(seconds), self.now)

    def github_client(self, timeout: float = 15.0, *, eager: bool = False) -> ApiClient:
        """A client for this repository's GitHub; `eager`: the user waits for the answer."""
        from orchestra.github import auth
        from orchestra.github.client import ApiClient
        from orchestra.github.responses import repository_address
        from orchestra.github.tracker import api_base

        host, owner, repo = self.remote
        home = Path(self.home)
        credentials = auth.Credentials(host, self.config.github.token_command, self.environ, home)
        found = credentials.token()
        if found is None:
            raise OrchestraError(
                f"no GitHub token for {host}",
                "run `gh auth login`, or set GH_TOKEN, or set github.token_command in orchestra.yaml",
            )
        auth.keep(found, host, home)
        url = api_base(host, self._api_url(), self.environ)
        cache = os.path.join(self.store.cache, "github")
        return ApiClient(repository_address(host, owner, repo), url, credentials, cache, self.now, timeout, eager=eager)

    def where(self, branch: str = "") -> Choice:
        """What is fetched, where `branch` is pushed to, and which repository its pull request goes to."""
        settings, github = self.repository.remote_settings(), self.config.github
        wishes = Wishes(github.repo, github.remote, github.push_remote)
        closed = closed_repositories.closed(self.store.cache) if len(settings.remotes) > 1 else ()
        return choose(settings, wishes, self._hosts(settings), branch, closed)

    def _hosts(self, settings: RemoteSettings) -> Hosts:
        every = bool(self._api_url()) or self.config.tracker == "github"
        return remote_hosts.hosts_of(settings, self.environ, self._api_url(), self._aliases, every=every)

    def head_repo(self, branch: str) -> str | None:
        """The fork that `branch` is pushed to, `me/widgets`; None when it goes to the repository itself."""
        where = self.where(branch)
        return where.head.slug if where.is_fork and where.head else None

    def poll_interval(self, *, running: bool) -> float:
        """Seconds until GitHub is asked again."""
        from orchestra.github.poller import poll_interval

        return poll_interval(running=running, poll=self.config.github.poll)

    def forget_tokens(self) -> None:
        """Remove the tokens that were kept for monitor and ship."""
        from orchestra.github import auth

        auth.forget(Path(self.home))

    @cached_property
    def remote(self) -> Address:
        """The repository of issues and pull requests."""
        where = self.where()
        if where.problem and where.base is None:
            raise OrchestraError(where.problem, where.hint)
        if where.base is None:
            raise OrchestraError(
                "this repository has no GitHub remote",
                "add one with `git remote add origin URL`, or set `tracker: local` in orchestra.yaml",
            )
        return where.base

    @property
    def host(self) -> str:
        """The host of that repository, as its web addresses name it."""
        return self.remote.host

    @property
    def title(self) -> str:
        """The project as people write it: `acme/widgets`, or the directory's name."""
        found = self.where().base
        name = found.slug if found else self.repository.name
        return f"{name}/{self.folder}" if self.folder else name

    @cached_property
    def tracker_name(self) -> str:
        """`github` or `local`; raises when there is neither a remote nor a local issue."""
        if self.config.tracker:
            return self.config.tracker
        if self.on_github:
            return "github"
        if os.path.isdir(os.path.join(self.root, ".orchestra", "issues")):
            return "local"
        raise OrchestraError(
            "this repository has no GitHub remote and no local issues",
            "run `orchestra init`: it sets up .orchestra/issues, or add a GitHub remote",
        )

    def _api_url(self) -> str | None:
        known = self.bearings
        return (
            self.config.github.api_url or self.environ.get("GITHUB_API_URL") or (known.api if known else None) or None
        )

    @property
    def on_github(self) -> bool:
        """Whether the remote is GitHub's, or a forge that an API address was given for."""
        return self.where().on_github

    @property
    def who(self) -> str:
        """Who speaks: the agent in the orchestrator's window has the project in its environment."""
        return "orchestrator" if "ORCHESTRA_PROJECT" in self.environ else "human"

    # --- the programs that others call ---

    def hook(self, agent: str) -> tuple[str, ...]:
        """What an agent, or tmux, calls at its events."""
        return entry_points.hook_argv(self.home, self.key, agent)

    def program(self) -> tuple[str, ...]:
        """What one of our panes runs."""
        return entry_points.pane_argv(self.home)

    def bind_keys(self) -> None:
        """Bind the keys of the config in our server; a key that is somebody else's stays theirs."""
        self.key_bindings.bind(self.program(), actions.chosen(self.config.keys))

    @property
    def orchestrator_directory(self) -> str:
        """Where the files of the orchestrator's agent are."""
        return os.path.join(self.store.cache, "orchestrator")

    def context(self, worker: Worker) -> AgentContext:
        """Where a worker's agent sits."""
        return AgentContext(
            worker=worker.id,
            nonce=worker.nonce,
            session=worker.agent_session,
            worktree=worker.worktree,
            directory=self.store.directory(worker.id),
            home=self.home,
            project=self.key,
            base=worker.base,
            hook=self.hook(worker.agent),
            orchestra_argv=(entry_points.shim_path(self.home),),
            place=self.place_in(worker.worktree),
        )

    def change_of(self, worker: Worker) -> Change:
        """What a worker has changed, committed or not."""
        return Change(self.repository, worker.base, worker.base_commit, at=worker.worktree)

    def place_in(self, worktree: str) -> str:
        """Where in a worktree the project's work is done: in its folder of a monorepo, else at the top."""
        return os.path.join(worktree, self.folder) if self.folder else worktree

    def worktree_of(self, number: str) -> str:
        """Where a worker's worktree is to be; in a monorepo beside the repository, not beside the folder."""
        from orchestra.config import schema  # its checks cost 20 ms, and Tab needs none of them

        place = schema.fill(self.config.worktree, self.repository.name, number)
        return os.path.normpath(os.path.join(self.repository.root, place))

    def lock_reason(self, number: str) -> str:
        """What git's lock of a worker's worktree says."""
        return f"orchestra #{number} {self.folder}".rstrip()

    @property
    def per_window(self) -> int:
        """How many workers share a window, by the layout that is open."""
        from orchestra.config import layout
        from orchestra.config.resources import find_layout

        known = self.bearings
        name, text = find_layout((known.layout if known else "") or self.config.layout, self.root)
        return layout.load(text, name).panes_per_window

    def options(self, agent: str) -> AgentOptions:
        """`agents.<name>` of the config with the gates compiled into the agent's rules."""
        given = self.config.agents.get(agent)
        if given is None:
            known = ", ".join(sorted(self.config.agents))
            raise UsageError(f"there is no agent {agent!r}", f"agents are: {known}")
        rules = agents.agent(agent).rules_for(self.config.gates, self.config.forbid)
        command = agents.located(given.command, self.environ)
        return AgentOptions(
            command, given.model, tuple(given.args), given.permissions, rules.ask, rules.deny, self.config.plan
        )

    # --- bearings for the hook ---

    def remember(self, layout: str | None = None) -> None:
        """Write what hooks and panes need to know; `layout` is the one that `up` opened, which begins anew."""
        if "ORCHESTRA_PROJECT" in self.environ:
            return
        if layout is None:
            self.check_place()
        identity.claim(self.repository, self.home, self.identity.repository)
        entry_points.write_shims(self.home)
        known = self.bearings if layout is None else None
        here = ProjectInfo(
            root=self.root,
            socket=self.tmux_direct.server.name,
            sockets=self.environ.get("TMUX_TMPDIR", ""),
            silent=self.config.limits.silent,
            api=self.environ.get("GITHUB_API_URL") or (known.api if known else ""),  # the monitor has none
            layout=layout or (known.layout if known else ""),
            common=str(self.repository.common),
            **self._look(known),
        )
        project_info.write(self.store.cache, here)

    def check_place(self) -> None:
        """Raise OrchestraError in a repository that moved, until `up` has brought its workers along."""
        if self.identity.moved_from:
            raise OrchestraError(self.moved, "bring its workers along: orchestra up")

    @property
    def moved(self) -> str:
        """A sentence about a repository that moved since it was opened last; empty for all others."""
        place = self.identity.moved_from
        if not place:
            return ""
        top = place.removesuffix("/.git")  # `git init --separate-git-dir` moves git's directory alone
        return f"this repository was at {clean(place if top == str(self.root) else top)} when it was opened last"

    def _look(self, known: ProjectInfo | None) -> dict[str, bool]:
        """What the user's terminal can show; a program in a pane of tmux, such as the monitor, changes nothing."""
        if known is not None and ("TERM" not in self.environ or "TMUX" in self.environ):
            return {"ascii": known.ascii, "plain": known.plain}
        return look_of(self.environ)._asdict()

    @property
    def bearings(self) -> ProjectInfo | None:
        """What was remembered, or None."""
        return project_info.read(self.store.cache)


def open_project(cwd: str, environ: Mapping[str, str], now: Callable[[], float], *, typed: bool = False) -> Project:
    """The project around `cwd`; raises OrchestraError when it is in no git repository.

    `typed`: by a command in a shell of the user's, whose variables hold before those that are recorded.
    """
    project = Project(Repository.find(cwd, environ), environ, now, typed=typed)
    if environ is os.environ:  # libraries look there themselves: for a proxy, for certificates, for an editor
        os.environ.update(project.environ)
    return project


def home_of(environ: Mapping[str, str]) -> str:
    """$ORCHESTRA_HOME, or `~/.orchestration`."""
    return environ.get("ORCHESTRA_HOME") or os.path.join(environ.get("HOME", "/"), ".orchestration")


def _text_at(path: str) -> str | None:
    """A config file's text; None when there is none."""
    try:
        return read_text(path, most=256 * 1024)
    except FileNotFoundError:
        return None
    except OSError as wrong:
        if os.path.islink(path):
            raise UsageError(f"{path} is a symbolic link, which is not followed", "put the file itself there") from None
        raise UsageError(f"{path} cannot be read: {wrong.strerror or wrong}", f"see: ls -ld {path}") from None


def _short(path: str, root: str) -> str:
    return os.path.relpath(path, root) if path.startswith(root + os.sep) else path
