"""Records and states that every other module uses. No rules here. Standard library only."""

from __future__ import annotations

from orchestra.core.budget import Budget
from orchestra.core.enums import StrEnum
from orchestra.core.pull_request import Pull
from orchestra.core.records import Record

TYPE_CHECKING = False  # importing typing is what a hook cannot afford (see record.py)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


MEMBERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})  # author associations whose text on the tracker is trusted


class Status(StrEnum):
    """How far a worker's work has come (docs/architecture.md, "Lifecycle")."""

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
    """What the agent process is doing, as far as its hooks have reported."""

    STARTING = "starting"
    BUSY = "busy"
    WAITING = "waiting"
    BLOCKED = "blocked"
    LIMITED = "limited"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Attention(StrEnum):
    """Why the user is needed, most urgent first."""

    BLOCKED = "blocked"
    STUCK = "stuck"
    CRASHED = "crashed"
    LIMITED = "limited"
    SILENT = "silent"
    UNKNOWN = "unknown"
    READY = "ready"


class Gate(StrEnum):
    """A point that only the user may pass."""

    PERMISSION = "permission"
    QUESTION = "question"
    PLAN = "plan"
    DOMAIN = "domain"
    STUCK = "stuck"
    REVIEW = "review"


class AnswerChannel(StrEnum):
    """Where the user answered from."""

    PANE = "pane"
    COMMAND = "command"
    POPUP = "popup"
    BOARD = "board"
    KEY = "key"
    RULE = "rule"  # the user said "always" to the same before


class Delivery(StrEnum):
    """How far a piece of guidance has come, in this order; `delivered` only on the agent's own evidence."""

    QUEUED = "queued"
    SENT = "sent"  # pasted, or handed over by a hook; the agent has not shown yet that the model was given it
    UNCONFIRMED = "unconfirmed"  # sent twice without a proof: the user was asked
    DELIVERED = "delivered"
    READ = "read"


LEFT = "prompt_input_exit"  # of an ended agent: the user ended it in its pane, so it is not started again unasked
COMING = frozenset({Delivery.QUEUED, Delivery.SENT})  # guidance that may still begin a turn of the agent


PROGRAMS = ("its shell", "its monitor")  # begin the name of what an agent left running, and may run for ever
WAKE_UP = "a scheduled wake-up"


class Activity(Record):
    """What the agent does, since when, who said so, and a detail for the user."""

    state: ActivityState = ActivityState.UNKNOWN
    since: str = ""
    source: str = ""
    detail: str = ""
    background: str = ""  # of a waiting agent: what will wake it up by itself, `its shell: npm run dev`
    retrying: str = ""  # of a busy agent: why it asks its API again and again; `since` is then when that was seen

    @property
    def works_on(self) -> bool:
        """Whether what it has left running is work of its own, a subagent's, not a program or a wake-up."""
        return bool(self.background) and not self.background.startswith((*PROGRAMS, WAKE_UP))


class Turn(Record):
    """The agent's turn, as its last prompt began it: what tells a later prompt apart from the user's own."""

    prompt: str = ""  # the agent's id of the turn: a prompt with the same one was queued in the middle of it
    scheduled: tuple[str, ...] = ()  # checksums of the prompts that the agent has scheduled for itself


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
    raised_by: str = ""  # `worker`, `ship`, `hook:NAME`
    questions: tuple[Mapping[str, Any], ...] = ()  # of a dialog: {"question", "options", "many"}, one for each answer
    rule: str = ""  # what "always for this worker" allows, to the letter; empty: it is not offered


class Guidance(Record):
    """Text sent to a worker after it was spawned, by `sender` (`human` or `monitor`)."""

    id: str
    sender: str
    text: str
    state: Delivery = Delivery.QUEUED
    at: str = ""
    sent_at: str = ""  # when it was last sent
    tries: int = 0  # how often it was sent


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
    stale_base: str = ""  # why `base_commit` may be older than the base on the remote
    worktree: str = ""
    agent: str = ""
    agent_session: str = ""
    started_at: str = ""
    last_heartbeat: str = ""
    activity: Activity = Activity()
    turn: Turn = Turn()
    agent_version: str = ""  # of the program that runs now, as that tells; empty: not told since its last start
    elsewhere: str = ""  # where its conversation goes on, when that is not its own pane and worktree
    escalation: Escalation | None = None
    dialogs: tuple[Escalation, ...] = ()  # open in the pane, the oldest first: the agent is held there
    forwarded: str | None = None
    guidance: tuple[Guidance, ...] = ()
    pull_url: str | None = None
    pull: Pull | None = None
    plan: str | None = None
    attempts: Attempts = Attempts()
    signatures: Mapping[str, str] = {}  # what failed last, by kind of attempt: the same again is not progress
    approvals: tuple[Mapping[str, Any], ...] = ()
    after: tuple[str, ...] = ()
    fed: tuple[str, ...] = ()  # ids of the checks, comments and conflicts it has been told of
    nonce: str = ""
    launched_at: str = ""  # when its pane was last opened
    limit: Limit | None = None  # the last one that it met
    ci_counted: str = ""  # the head commit whose failing CI was counted last
    addressed: tuple[str, ...] = ()  # what it had been told of when it shipped, by id
    pushed: tuple[str, ...] = ()  # the last commits that it shipped
    green: tuple[str, ...] = ()  # names of the checks of earlier heads, which the next one is expected to have
    transcript: str = ""  # path of the present conversation
    trusted: str = ""  # hash of an outsider's words that the user has read (see `workers/trust`)
    held: str = ""  # why it was paused without the user's word
    issue_note: str = ""  # what became of its issue, where that is not open any more
    held_until: str = ""  # when it goes on by itself, as a stamp
    answers: tuple[Answer, ...] = ()  # the last ones, to dialogs
    labels: tuple[str, ...] = ()  # of its issue, when it was claimed
    blocked_by: tuple[str, ...] = ()  # open issues that must be closed first, by the tracker; `owner/repo#12` elsewhere
    queue_order: int = 0  # where the user has put it in the queue: negative is before all others
    on_hold: bool = False  # the user keeps it in the queue
    ignores_blockers: bool = False  # the user said to start it without waiting for `blocked_by`
    model: str = ""  # the model that the user wants for this worker; empty: the agent's of the config
    plan_mode: str = ""  # `auto` or `review`, for this worker alone; empty: as the config says
    parent: str = ""  # the worker on whose branch it builds, until that branch is merged and it is carried over
    budget: Budget = Budget()  # its own; 0: the config's
    beyond: str = ""  # the date on which the project's budget of the day does not stop it: the user said so
    journal_bytes: int = 0  # how much of the journal the snapshot holds, so that a write reads no journal
    extra: Mapping[str, Any] = {}  # keys of the snapshot that this version does not know; they survive a rewrite


class Event(Record):
    """One line of a journal, made by `core/events`. `data` is checked by `lifecycle.apply`, the reader of its keys."""

    kind: str
    at: str
    by: str
    data: Mapping[str, Any] = {}


class Issue(Record):
    """The unit of work, from a tracker. Text fields are as the author wrote them: not yet cleaned."""

    number: str
    title: str
    body: str = ""
    url: str = ""
    author: str = ""
    association: str = "OWNER"
    state: str = "open"
    labels: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    blocked_by: int | None = None  # how many open issues block it; None: GitHub does not say
    sub_issues: int | None = None
    comments: int | None = None
    milestone: str = ""
    assignees: tuple[str, ...] = ()  # logins
    locked: str = ""  # why its conversation is locked


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
    """A pane of the tmux server that carries a worker's tag, as just seen."""

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


class Size(Record):
    """How much a worker has shipped, against its base."""

    commits: int = 0
    files: int = 0
    insertions: int = 0
    deletions: int = 0


class PanePlan(Record):
    """A pane to open: `argv` run as it is (empty: the user's shell), then `keys` typed into it line by line."""

    argv: tuple[str, ...] = ()
    cwd: str = ""
    keys: tuple[str, ...] = ()
    focus: bool = False
    environment: Mapping[str, str] = {}
    options: Mapping[str, str] = {}


class WindowPlan(Record):
    """A window to open: `name` holds nothing that tmux would expand."""

    name: str
    panes: tuple[PanePlan, ...]
    layout: str = ""
    focus: bool = False
    options: Mapping[str, str] = {}
    role: str = "shell"


class WorkerPlan(Record):
    """A worker's pane to open: whose, of which claim (nonce), what it runs and where, and what its border says."""

    worker: str
    nonce: str
    argv: tuple[str, ...]
    cwd: str
    label: str = ""
    title: str = ""
    since: int = 0


class AgentContext(Record):
    """What an agent needs to be started or resumed: the commands give this to `agents/`."""

    worker: str  # the issue number, or `orchestrator`
    nonce: str
    session: str  # the conversation's id, chosen and recorded before the launch
    worktree: str
    directory: str  # sessions/<project>/<id>: prompt.md settings.json launch.sh heartbeat mailbox
    home: str  # $ORCHESTRA_HOME
    project: str
    base: str  # the base branch, to which no worker pushes
    hook: tuple[str, ...]  # argv in front of `EVENT NONCE`; the agent's payload comes on its stdin
    orchestra_argv: tuple[str, ...]  # argv of the orchestra program itself
    place: str = ""  # where it starts, in a folder of the worktree; empty: at its top
    status_line: str = ""  # the command of the user's own status line in the agent


class AgentOptions(Record):
    """`agents.<name>` of the config, and the rules the gates were compiled to (see `gates.py`)."""

    command: str
    model: str | None = None
    args: tuple[str, ...] = ()
    permissions: str = "standard"  # strict | standard | auto | bypass
    ask: tuple[str, ...] = ()  # the agent's own rule syntax, e.g. `Edit(auth/**)`, `Bash(npm publish:*)`
    deny: tuple[str, ...] = ()
    plan: str = "auto"  # a plan goes on by itself; `review`: it waits for the user; `reviewed`: so does a later one


class Launch(Record):
    """How to start an agent: files for the worker's directory, and what to run in the worktree."""

    argv: tuple[str, ...]
    files: Mapping[str, str]
    environment: Mapping[str, str] = {}
