"""The nouns: records and states that every other module speaks. No rules here. Standard library only."""

from __future__ import annotations

from enum import StrEnum

from orchestra.core.pull_request import Pull
from orchestra.core.records import Record

TYPE_CHECKING = False  # importing typing is what a hook cannot afford (see record.py)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


MEMBERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})  # author associations whose words on the tracker count


class Status(StrEnum):
    """Where a worker's work stands (docs/architecture.md, "Lifecycle")."""

    QUEUED = "queued"
    REGISTERED = "registered"
    PLANNING = "planning"
    WORKING = "working"
    SHIPPING = "shipping"
    COMPLETE = "complete"
    MERGED = "merged"
    STUCK = "stuck"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class ActivityState(StrEnum):
    """What the agent process is doing, as far as its hooks have told."""

    STARTING = "starting"
    BUSY = "busy"
    WAITING = "waiting"
    BLOCKED = "blocked"
    LIMITED = "limited"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Attention(StrEnum):
    """Why a person is needed, most urgent first."""

    BLOCKED = "blocked"
    STUCK = "stuck"
    CRASHED = "crashed"
    LIMITED = "limited"
    SILENT = "silent"
    READY = "ready"


class Gate(StrEnum):
    """A point that only a person may pass."""

    PERMISSION = "permission"
    QUESTION = "question"
    PLAN = "plan"
    DOMAIN = "domain"
    STUCK = "stuck"
    REVIEW = "review"


class AnswerChannel(StrEnum):
    """Where a person answered from."""

    PANE = "pane"
    COMMAND = "command"
    POPUP = "popup"
    BOARD = "board"
    KEY = "key"


class Delivery(StrEnum):
    """How far a piece of guidance has come; `delivered` only on the agent's own evidence."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    READ = "read"


class Activity(Record):
    """What the agent does, since when, who said so, and a detail for the person."""

    state: ActivityState = ActivityState.UNKNOWN
    since: str = ""
    source: str = ""
    detail: str = ""


class Escalation(Record):
    """An open gate of one worker. `request` names the one question it asks, so an answer cannot meet another."""

    gate: Gate
    summary: str
    context: str = ""
    tried: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    need: str = ""
    asked_at: str = ""
    request: str = ""
    raised_by: str = ""  # `worker`, `ship`, `hook:PermissionRequest`
    questions: tuple[Mapping[str, Any], ...] = ()  # of a dialog: {"question", "options", "many"}, one for each answer


class Guidance(Record):
    """Words sent to a worker after it was spawned, by `sender` (`human` or `monitor`)."""

    id: str
    sender: str
    text: str
    state: Delivery = Delivery.QUEUED
    at: str = ""


class Attempts(Record):
    """How often in a row something failed without progress."""

    verify: int = 0
    ci: int = 0
    review: int = 0
    restart: int = 0


class Limit(Record):
    """Why the agent cannot reach its model: the kind, what was said, until when (a stamp), and what to do."""

    kind: str = ""
    detail: str = ""
    until: str = ""
    fix: str = ""


class Answer(Record):
    """How a dialog of the agent was answered from elsewhere; the hook that waits for `request` reads it."""

    request: str
    behavior: str  # `allow` or `deny`
    text: str = ""
    answers: tuple[str, ...] = ()  # one for each question of the dialog
    how: str = ""
    summary: str = ""
    by: str = ""
    at: str = ""


class Worker(Record):
    """One agent on one issue in one worktree: the snapshot (`sessions/<project>/<id>.json`)."""

    id: str
    title: str
    status: Status
    status_since: str
    url: str = ""
    author: str = ""
    stuck_reason: str | None = None
    resume_status: Status | None = None  # where a stuck or paused worker goes back to
    branch: str = ""
    base: str = ""
    base_commit: str = ""
    worktree: str = ""
    agent: str = ""
    agent_session: str = ""
    started_at: str = ""
    last_heartbeat: str = ""
    activity: Activity = Activity()
    escalation: Escalation | None = None
    dialogs: tuple[Escalation, ...] = ()  # open in the pane, the oldest first: the agent is held there
    forwarded: str | None = None
    guidance: tuple[Guidance, ...] = ()
    pull_url: str | None = None
    pull: Pull | None = None
    plan: str | None = None
    attempts: Attempts = Attempts()
    signatures: Mapping[str, str] = {}  # what failed last, by kind of attempt: the same again is no progress
    approvals: tuple[Mapping[str, Any], ...] = ()
    after: tuple[str, ...] = ()
    fed: tuple[str, ...] = ()  # ids of the checks, comments and conflicts it has been told of
    nonce: str = ""
    launched_at: str = ""  # when its pane was last opened
    limit: Limit | None = None  # the last one that it met
    ci_counted: str = ""  # the head commit whose failing CI was counted last
    addressed: tuple[str, ...] = ()  # what it had been told of when it shipped, by id
    pushed: tuple[str, ...] = ()  # the last commits that it shipped
    green: tuple[str, ...] = ()  # names of the checks of the last head commit that was green
    transcript: str = ""  # path of the present conversation
    trusted: str = ""  # hash of an outsider's words that the user has read (see `workers/trust`)
    held: str = ""  # why it was paused without the user's word
    answers: tuple[Answer, ...] = ()  # the last ones, to dialogs
    journal_bytes: int = 0  # how much of the journal the snapshot holds, so that a write reads no journal
    extra: Mapping[str, Any] = {}  # keys of the snapshot that this version does not know; they survive a rewrite


class Event(Record):
    """One line of a journal, made by `core/events`. `data` is checked by `lifecycle.apply`, the reader of its keys."""

    kind: str
    at: str
    by: str
    data: Mapping[str, Any] = {}


class Issue(Record):
    """The unit of work, from a tracker. Text fields are as the author wrote them: foreign, not yet cleaned."""

    number: str
    title: str
    body: str = ""
    url: str = ""
    author: str = ""
    association: str = "OWNER"
    state: str = "open"
    labels: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Border(Record):
    """What a pane's border says: `#2 ● question`, the title, since when (epoch seconds), the colour's role.

    `short` is what a narrow pane shows: `#2 ●`.
    """

    label: str
    title: str = ""
    since: int = 0
    role: str = ""
    short: str = ""


class Pane(Record):
    """A pane of our tmux server that carries a worker's tag, as just seen."""

    id: str
    worker: str
    nonce: str
    window: str
    dead: bool
    exit_status: int | None
    pid: int


class Changes(Record):
    """What a worktree holds against its base commit, committed or not."""

    files: int = 0
    insertions: int = 0
    deletions: int = 0


class PanePlan(Record):
    """A pane to open: `argv` run as it is (empty: the person's shell), then `keys` typed into it line by line."""

    argv: tuple[str, ...] = ()
    cwd: str = ""
    keys: tuple[str, ...] = ()
    focus: bool = False
    environment: Mapping[str, str] = {}
    options: Mapping[str, str] = {}


class WindowPlan(Record):
    """A window to open: `name` is ours or the layout's and holds nothing tmux would expand."""

    name: str
    panes: tuple[PanePlan, ...]
    layout: str = ""
    focus: bool = False
    options: Mapping[str, str] = {}
    role: str = "shell"


class WorkerPlan(Record):
    """A worker's pane to open: whose, of which life, what it runs and where, and what its border says."""

    worker: str
    nonce: str
    argv: tuple[str, ...]
    cwd: str
    label: str = ""
    title: str = ""
    since: int = 0


class AgentContext(Record):
    """Where an agent sits: all that is needed to start or resume it, told by the commands to `agents/`."""

    worker: str  # the issue number, or `orchestrator`
    nonce: str
    session: str  # the conversation's id, chosen by us and recorded before the launch
    worktree: str
    directory: str  # sessions/<project>/<id>: prompt.md settings.json launch.sh heartbeat mailbox
    home: str  # $ORCHESTRA_HOME
    project: str
    base: str  # the base branch, which nobody pushes to
    hook: tuple[str, ...]  # argv in front of `EVENT NONCE`; the agent's payload comes on its stdin
    orchestra_argv: tuple[str, ...]  # argv of the orchestra program itself


class AgentOptions(Record):
    """`agents.<name>` of the config, and the rules the gates were compiled to (see `gates.py`)."""

    command: str
    model: str | None = None
    args: tuple[str, ...] = ()
    permissions: str = "standard"  # strict | standard | bypass
    ask: tuple[str, ...] = ()  # the agent's own rule syntax, e.g. `Edit(auth/**)`, `Bash(npm publish:*)`
    deny: tuple[str, ...] = ()
    plan: str = "auto"  # a plan goes on by itself; `review`: it waits for a person; `reviewed`: so does a later one


class Launch(Record):
    """How to start an agent: files for the worker's directory, and what to run in the worktree."""

    argv: tuple[str, ...]
    files: Mapping[str, str]
    environment: Mapping[str, str] = {}
