"""Every file that is read, changed at random: it reads, or one sentence names it. Nothing breaks, nothing hangs.

CI runs a fixed part, the nightly run 10,000: `pytest --nightly tests/test_mutated.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from support import mutate
from support.events import happened
from support.github_double.clients import api_client
from support.hostile import unsafe
from support.paths import DATA
from support.person import configure, write_issue

from orchestra.agents.claude import hooks
from orchestra.commands import up
from orchestra.commands.doctor import doctor
from orchestra.commands.issues import issues
from orchestra.commands.list import list_
from orchestra.commands.log import log
from orchestra.commands.show import show
from orchestra.config import layout, prompts, resources
from orchestra.core.bar import bar, border
from orchestra.core.models import Issue
from orchestra.doctor import repair
from orchestra.errors import OrchestraError, UsageError
from orchestra.github import graph, poll_parsing, poller, rate_limit, responses
from orchestra.github.client import ApiReply
from orchestra.github.etag_cache import CachedAnswer, ETagCache
from orchestra.hooks import entry, orchestrator_context
from orchestra.project.context import Project, open_project
from orchestra.storage import project_info
from orchestra.trackers.local import LocalTracker
from orchestra.ui import json as render_json
from orchestra.ui import log as render_log
from orchestra.ui import text, worker_page, worker_table
from orchestra.ui.paint import Paint
from orchestra.workers import alerts, conversation, git_config_guard, statusbar, worktree_setup
from orchestra.workers.environment import agent_environment
from orchestra.workers.overview import changes_of

pytestmark = pytest.mark.journey

SEED = 20261122
SECONDS = 5.0  # of our own work for one file; a hang is ended by the test's time
NOW = 1_767_870_900.0


class Desk(NamedTuple):
    """A project with a worker #124, whose files are changed, and #125 beside it, who must stay."""

    project: Project
    spoilt: Path  # 124.json

    @property
    def store(self) -> Any:
        return self.project.store


@pytest.fixture
def context(repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(click, "style", lambda text, **_: text)  # so that every escape that is left is foreign
    configure(repo)
    environ = {**os.environ, "ORCHESTRA_HOME": str(home / "o")}
    project = open_project(str(repo), environ, lambda: NOW)
    store = project.store
    for number in ("124", "125"):
        claim = {"id": number, "title": f"Work {number}", "nonce": f"n{number}", "agent": "claude", "base": "main"}
        facts = {
            **claim,
            "branch": f"issue-{number}",
            "worktreePath": str(repo.parent / number),
            "baseCommit": "0" * 40,
        }
        store.record(number, happened("spawned", "human", **facts))
        for kind, facts in EVENTS:
            more = {key: str(home / "t.jsonl") if key == "transcript" else value for key, value in facts.items()}
            recorded = store.record(number, happened(kind, "test", **more))
            assert not recorded.refused, (kind, recorded.refused)
    usage = {"input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3, "output_tokens": 4}
    line = {"type": "assistant", "message": {"id": "m1", "usage": usage}}
    (home / "t.jsonl").write_text(f"{json.dumps(line)}\n" * 3)
    return Desk(project, Path(store.root, "124.json"))


ASKED = {"gate": "permission", "summary": "Bash: make", "context": "why", "options": ["a", "b"], "request": "r1"}
QUESTION = {"question": "Which?", "options": ["x", "y"], "many": False}
PULL = {"number": 9, "state": "open", "headSha": "1" * 40, "checks": "failing", "reviewDecision": None, "unresolved": 1,
        "mergeable": True, "observedAt": "2026-01-08T11:15:00Z"}  # fmt: skip
EVENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("started", {"session": "s", "source": "startup", "transcript": "/tmp/t.jsonl"}),
    ("accepted", {"guidance": []}),
    ("reported", {"status": "working"}),
    ("attempted", {"what": "verify", "signature": "abc"}),
    ("told", {"from": "human", "text": "go on", "about": ["check:1"]}),
    ("shipped", {"pullRequest": PULL, "url": "https://github.com/a/b/pull/9"}),
    ("limited", {"kind": "rate_limit", "detail": "later", "until": "2026-01-08T12:15:00Z"}),
    ("blocked", {**ASKED, "questions": [QUESTION]}),
    ("answered", {"request": "r1", "behavior": "allow", "answers": ["x"]}),
    ("blocked", {**ASKED, "request": "r2"}),
    ("escalated", {**ASKED, "gate": "domain", "tried": ["t"], "need": "n"}),
)


def see(context: Desk) -> None:
    """All that people and programs are shown; #125 is in it, and nothing of it is unsafe on a terminal."""
    project = context.project
    view = list_(project, tokens=True)
    assert "125" in [row.worker.id for row in view.rows]
    said = [*worker_table.table(view, "t", Paint()), render_json.table(view)]
    for row in view.rows:
        report = show(project, row.worker.id)
        said += [
            *worker_page.of_report(report, Paint(), NOW),
            render_json.worker(report),
            *border(row.seen, row.shown)[:2],
        ]
        said += render_log.entries(log(project, row.worker.id))
        said.append(render_json.logs([(row.worker.id, log(project, row.worker.id))]))
        json.loads(said[-1], parse_constant=pytest.fail)
        with contextlib.suppress(UsageError):  # an agent that there is not
            conversation.resume_words(row.worker, conversation._missed(row.worker))
    json.loads(render_json.table(view), parse_constant=pytest.fail)
    said.append(bar([(row.seen, row.shown) for row in view.rows], NOW).text)
    assert not unsafe("\n".join(said))
    orchestrator_context.changes_since_last_prompt(project.store)


def go_on(context: Desk) -> None:
    """The next events find their worker, or say why not."""
    for kind, facts in (("told", {"from": "human", "text": "x"}), ("noted", {"text": "x"}), ("ended", {"reason": "x"})):
        context.store.record("124", happened(kind, "human", **facts))


# --- the readers: what is written where, and who reads it ---


class Case(NamedTuple):
    """`spoil` writes one changed file; `read` reads it as the program does, and may raise `allowed`, naming `name`."""

    spoil: Callable[[Desk, random.Random], None]
    read: Callable[[Desk], object]
    name: str = ""


def snapshot(context: Desk, rng: random.Random) -> None:
    context.spoilt.write_bytes(mutate.either(rng, json.loads(fresh(context, "124.json"))))


def journal(context: Desk, rng: random.Random) -> None:
    lines = [mutate.either(rng, json.loads(line)) if rng.random() < 0.3 else line.encode()
             for line in fresh(context, "124.jsonl").splitlines()]  # fmt: skip
    context.spoilt.with_suffix(".jsonl").write_bytes(b"\n".join(lines) + rng.choice((b"\n", b"\n", b"")))
    if rng.random() < 0.5:
        context.spoilt.unlink(missing_ok=True)


_FRESH: dict[tuple[str, str], str] = {}


def fresh(context: Desk, name: str) -> str:
    """A session file as it was before; the others that belong to it are put back."""
    root = Path(context.store.root)
    for one in ("124.json", "124.jsonl"):
        if (str(root), one) not in _FRESH:
            _FRESH[str(root), one] = (root / one).read_text()
        (root / one).write_text(_FRESH[str(root), one])
    for path in root.glob("*.bad-*"):
        path.unlink()
    return _FRESH[str(root), name]


def read_worker(context: Desk) -> None:
    see(context)
    go_on(context)
    see(context)


def in_cache(name: str, sample: Any) -> Callable[[Desk, random.Random], None]:
    def spoil(context: Desk, rng: random.Random) -> None:
        path = Path(context.store.cache, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutate.either(rng, sample) if not isinstance(sample, str) else mutate.text(rng, sample))

    return spoil


def in_repo(name: str, sample: str) -> Callable[[Desk, random.Random], None]:
    def spoil(context: Desk, rng: random.Random) -> None:
        path = Path(context.project.root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mutate.text(rng, sample))

    return spoil


def read_config(context: Desk) -> None:
    found = open_project(context.project.root, context.project.environ, lambda: NOW)
    _ = found.config, found.options(found.config.agent), found.tmux


def read_layout(context: Desk) -> None:
    name, text = resources.find_layout("mine", context.project.root)
    layout.plan(layout.load(text, name), root="/r", home="/h", argv_of={"monitor": ("x",)})


def read_prompt(context: Desk) -> None:
    name, text = resources.find_prompt("mine", context.project.root)
    prompts.render(prompts.load(text, name), dict.fromkeys(prompts.WORKER | prompts.ORCHESTRATOR, "{{title}} \x1b"))


def read_issues(context: Desk) -> None:
    tracker = LocalTracker(context.project.root)
    assert "8" in [one.number for one in tracker.issues()]
    found = issues(context.project)
    assert not unsafe("\n".join((*text.issues(found.listed, 100), *found.left_out)))
    tracker.issue("7")


def read_bearings(context: Desk) -> None:
    known = project_info.read(context.store.cache)
    assert statusbar.session_of(context.store, {}) is not None or known is None
    statusbar.push_from_hook(context.store, os.environ)
    _ = context.project.tmux, context.project._api_url()
    open_project(
        context.project.root, {**context.project.environ, "ORCHESTRA_PROJECT": "p"}, lambda: NOW
    ).tmux.running()


def read_caches(context: Desk) -> None:
    view = list_(context.project, tokens=True)
    changes_of(context.project, [row.seen for row in view.rows])
    alerts.announce(context.project, view)
    orchestrator_context.changes_since_last_prompt(context.store)
    git_config_guard.changed(context.project)
    rate_limit.last_words(os.path.join(context.store.cache, "github"), NOW)
    see(context)


def read_environment(context: Desk) -> None:
    project = Project(context.project.repository, context.project.environ, context.project.now)
    found = agent_environment(project, context.store.read("124"))
    assert subprocess.run(["/bin/true"], env=found, check=False).returncode == 0


def environment(context: Desk, rng: random.Random) -> None:
    variables = {"PATH": "/bin", "LANG": "C"}
    Path(context.store.file("124", "environment")).write_bytes(mutate.either(rng, variables))
    recorded = mutate.either(rng, {"variables": variables, "at": "x", "by": "orchestra up", "noted": {"LANG": "0"}})
    Path(context.store.cache).mkdir(parents=True, exist_ok=True)
    Path(context.store.cache, "environment.json").write_bytes(recorded)


def transcript(context: Desk, rng: random.Random) -> None:
    fresh(context, "124.json")
    path = Path(context.store.read("124").transcript)
    usage = {"input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 4}
    lines = (
        {"type": "assistant", "message": {"id": "m1", "usage": usage}},
        {"type": "user", "message": {"content": "Guidance g1 from human:\nx"}},
    )
    path.write_bytes(b"\n".join(mutate.either(rng, rng.choice(lines)) for _ in range(5)) + b"\n")
    Path(context.store.cache, "tokens.json").unlink(missing_ok=True)


def mailbox(context: Desk, rng: random.Random) -> None:
    """The small files beside a worker: mailbox, what was pasted, the open dialog's name, the prepared mark."""
    for name in ("mailbox", "blocked", "prepared", "heartbeat", "first-prompt.md", "ask-r1"):
        Path(context.store.file("124", name)).write_bytes(mutate.text(rng, "g1"))


def read_mailbox(context: Desk) -> None:
    payload = {"tool_name": "Bash", "tool_input": {"command": "x"}, "session_id": "s"}
    for event in ("PostToolUse", "PermissionRequest", "Stop"):
        call(context, event, json.dumps(payload).encode())
    worktree_setup.is_prepared(context.project.store, context.store.read("124"))
    see(context)


# --- hooks ---


def call(context: Desk, event: str, given: bytes, agent: str = "claude") -> Mapping[str, Any] | None:
    """The hook of an event, in this process: what it answers."""
    environ = {
        "ORCHESTRA_HOME": context.store.home,
        "ORCHESTRA_PROJECT": context.store.project,
        "ORCHESTRA_WORKER": "124",
    }
    path = Path(context.store.home, "payload")
    path.write_bytes(given)
    with path.open("rb") as file, pytest.MonkeyPatch.context() as patch:
        patch.setattr(entry, "STDIN", file.fileno())
        return entry.run([agent, event, "n124"], environ).reply


SAMPLES = [json.loads(path.read_text()) for path in sorted((DATA / "hook_samples").glob("*.json"))]
HOOKS = (*hooks._READERS, "StopFailure", "Nonsense")


def payload(context: Desk, rng: random.Random) -> None:
    fresh(context, "124.json")
    Path(context.store.home, "given").write_bytes(mutate.either(rng, rng.choice(SAMPLES)))
    Path(context.store.home, "event").write_text(rng.choice(HOOKS))


def of_another_conversation(event: str, given: bytes, session: str) -> bool:
    try:
        found = json.loads(given)
    except ValueError:
        return False
    return isinstance(found, dict) and hooks.is_foreign(event, found, session)


def read_payload(context: Desk) -> None:
    given, event = Path(context.store.home, "given").read_bytes(), Path(context.store.home, "event").read_text()
    before = len(context.store.journal("124"))
    session = context.store.read("124").agent_session
    answer = call(context, event, given)
    assert answer is None or hooks.takes_words(event, {})
    if event in ("Stop", "SessionEnd", "SessionStart", "UserPromptSubmit") and not (
        b"agent_id" in given or of_another_conversation(event, given, session)
    ):
        assert len(context.store.journal("124")) > before  # what it says may be nonsense; that it happened is not
    see(context)
    call(context, "UserPromptSubmit", given, "orchestrator:claude")


# --- GitHub ---

PLACE = responses.RepositoryAddress("GitHub", "a/b", "https://github.com/a/b")
USER = {"login": "ada", "type": "User"}
COMMIT = {"ref": "issue-1", "sha": "1" * 40, "repo": {"full_name": "a/b"}}
SUITE = {
    "databaseId": 4,
    "app": {"slug": "github-actions"},
    "workflowRun": {"event": "push", "workflow": {"name": "CI"}},
}
LAST_PAGE = {"hasNextPage": False, "endCursor": None}
GRAPH = {
    "number": 9, "state": "OPEN", "isDraft": False, "mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN", "reviewDecision": None,
    "isInMergeQueue": False, "autoMergeRequest": {"enabledAt": "2026"}, "headRefOid": "1" * 40, "headRefName": "issue-1",
    "headRepository": {"nameWithOwner": "a/b"}, "baseRefName": "main", "updatedAt": "2026",
    "comments": {"totalCount": 1, "nodes": [{"updatedAt": "2026"}]}, "reviews": {"totalCount": 1, "nodes": [{"updatedAt": "2026"}]},
    "latestOpinionatedReviews": {"nodes": [{"fullDatabaseId": "3", "state": "APPROVED", "author": {"__typename": "User", "login": "ada"}, "authorAssociation": "OWNER", "authorCanPushToRepository": True}]},
    "reviewThreads": {"pageInfo": LAST_PAGE, "nodes": [{"id": "x", "isResolved": False, "isOutdated": False, "path": "a", "line": 1}]},
    "commits": {"nodes": [{"commit": {"oid": "1", "checkSuites": {"nodes": [{**SUITE, "status": "COMPLETED", "conclusion": "SUCCESS", "createdAt": "2026"}]},
        "statusCheckRollup": {"contexts": {"pageInfo": LAST_PAGE, "nodes": [
            {"__typename": "CheckRun", "databaseId": 5, "name": "t", "status": "COMPLETED", "conclusion": "FAILURE", "startedAt": "2026", "detailsUrl": "https://x/job/5", "title": "t", "summary": "s", "isRequired": True, "checkSuite": SUITE},
            {"__typename": "StatusContext", "context": "c", "state": "SUCCESS", "description": "d", "targetUrl": None, "createdAt": "2026", "isRequired": False}]}}}}]},
}  # fmt: skip
GITHUB: tuple[tuple[Callable[[Any], Any], Any], ...] = (
    (lambda found: responses.issue(found, PLACE),
     {"number": 7, "title": "t", "body": "b", "state": "open", "user": USER, "author_association": "OWNER", "labels": [{"name": "x"}, "y"]}),
    (lambda found: poll_parsing.pull_seen(found, PLACE),
     {"number": 9, "state": "open", "head": COMMIT, "base": COMMIT, "draft": False, "updated_at": "2026", "merged_at": None, "user": USER, "mergeable": None}),
    (lambda found: poll_parsing.listing(found, lambda row: poll_parsing.pull_seen(row, PLACE)),
     [{"number": 9, "state": "open", "head": COMMIT, "base": COMMIT, "draft": False, "updated_at": "2026", "user": USER}] * 2),
    (poll_parsing.rest_facts,
     {"number": 9, "state": "open", "head": COMMIT, "base": COMMIT, "draft": False, "mergeable": True, "mergeable_state": "clean", "auto_merge": None}),
    (lambda found: poll_parsing.check_details(responses.required(found, list, "runs"), responses.required(found, list, "actions")),
     {"runs": [{"id": 1, "name": "ci", "status": "completed", "conclusion": "failure", "html_url": "https://x", "output": {"title": "t", "summary": "s"}, "app": {"slug": "github-actions"}, "check_suite": {"id": 4}}],
      "actions": [{"id": 1, "check_suite_id": 4, "name": "ci", "event": "push"}]}),
    (poll_parsing.status_details, [{"state": "success", "context": "c", "target_url": None, "description": "d"}]),
    (lambda found: poll_parsing.suites(responses.required(found, list, "runs")),
     {"runs": [{"id": 1, "check_suite_id": 4, "name": "ci", "event": "push", "status": "completed", "conclusion": "success"}]}),
    (lambda found: poll_parsing.remarks(PLACE, 9, *(responses.required(found, list, key) for key in "abc")),
     {"a": [{"id": 1, "user": USER, "state": "CHANGES_REQUESTED", "body": "b", "submitted_at": "2026", "author_association": "OWNER"}],
      "b": [{"id": 2, "user": None, "body": "b", "path": "p", "line": 3, "created_at": "2026"}], "c": [{"id": 3, "user": USER, "body": "b", "created_at": "2026"}]}),
    (lambda found: responses.decision(responses.required(found, list, "r")),
     {"r": [{"id": 1, "user": USER, "state": "APPROVED", "author_association": "OWNER"}] * 2}),
    (lambda found: graph.answered(found, [9], ["main"]), {"data": {"repository": {"p9": GRAPH, "b0": {
        "name": "main", "refUpdateRule": {"requiredStatusCheckContexts": ["t"], "requiredApprovingReviewCount": 1, "requiresConversationResolution": True},
        "rules": {"nodes": [{"type": "X", "parameters": {"requiredStatusChecks": [{"context": "t"}]}}]},
        "target": {"statusCheckRollup": {"contexts": {"nodes": [{"__typename": "CheckRun", "name": "t"}]}}}}}},
        "errors": [{"type": "FORBIDDEN", "path": ["repository", "p9", "commits"]}]}),
    (graph.first_comments, {"data": {"nodes": [{"id": "x", "comments": {"nodes": [{"fullDatabaseId": "7"}]}}]}}),
    (lambda found: str(responses.refusal(PLACE, 422, {}, found, NOW)), {"message": "no", "errors": [{"message": "x", "field": "f", "code": "c"}, "y"]}),
)  # fmt: skip


def github(context: Desk, rng: random.Random) -> None:
    place = rng.randrange(len(GITHUB))
    Path(context.store.home, "answer").write_bytes(f"{place}\n".encode() + mutate.either(rng, GITHUB[place][1]))


def read_github(context: Desk) -> None:
    place, _, given = Path(context.store.home, "answer").read_bytes().partition(b"\n")
    asker = api_client("http://127.0.0.1:9", None, Path(context.store.home), lambda: NOW, timeout=1.0)
    asker.understood(
        ApiReply("", CachedAnswer("", given.decode("utf-8", "surrogateescape")), unchanged=False), GITHUB[int(place)][0]
    )


def etags(context: Desk, rng: random.Random) -> None:
    kept = ETagCache(context.store.home + "/etags", "me")
    kept.keep("u", "a", CachedAnswer('W/"1"', "[]"))
    path = Path(kept._path("u", "a"))
    path.write_bytes(mutate.text(rng, path.read_text()))


def read_etags(context: Desk) -> None:
    found = ETagCache(context.store.home + "/etags", "me").find("u", "a")
    assert found in (CachedAnswer(), CachedAnswer('W/"1"', "[]"))


def poll(context: Desk, rng: random.Random) -> None:
    pull = poll_parsing.PullSeen(1, "https://x", "issue-1", "1", "a/b", "main", "open", False, "2026", "ada")
    seen = poll_parsing.Poll((pull,), (Issue("7", "t"),), 0, 0, NOW)
    Path(context.store.home, "poll").write_bytes(mutate.either(rng, json.loads(poller._to_text(seen))))


def read_poll(context: Desk) -> None:
    found = poller._from_text(Path(context.store.home, "poll").read_bytes().decode("utf-8", "surrogateescape"), NOW)
    assert found is None or isinstance(found, poll_parsing.Poll)


# --- the table ---

CONFIG = """agent: scripted
tracker: local
workers: {max: 3}
limits: {verify: 2, silent: 10m}
gates:
  - {name: auth, paths: ["**/auth/**"], why: "A human decides"}
agents: {claude: {command: claude, env: [FOO]}}
notify: {bell: true, quiet: "22:00-07:00"}
"""
LAYOUT = """session_name: x
windows:
  - window_name: main
    layout: main-vertical
    focus: true
    panes:
      - role: orchestrator
      - shell_command: [ls, {cmd: pwd}]
  - {window_name: w, role: workers, workers: {panes_per_window: 4}}
"""
PROMPT = "# Work on #{{id}}\n\n{{title}} by {{author}}\n\n{{body}}\n\nRun {{verify}}; then {{orchestra}} worker ship.\n"
ISSUE = '---\ntitle: "A thing: done"\nstate: open\nlabels: [ui, "2.0"]\nauthor: ada\nafter: [7, "#3"]\n---\nText.\n'
BEARINGS = {"root": "/r", "socket": "orchestra", "sockets": "/tmp", "silent": 600.0, "layout": "", "api": ""}
TROUBLE = {"sentence": "s", "hint": "h", "until": NOW + 60, "failures": 1, "who": ""}

CASES = {
    "session": Case(snapshot, read_worker, "#124"),
    "journal": Case(journal, read_worker, "#124"),
    "payload": Case(payload, read_payload),
    "config": Case(in_repo("orchestra.yaml", CONFIG), read_config, "orchestra.yaml"),
    "layout": Case(in_repo(".orchestra/layouts/mine.yaml", LAYOUT), read_layout, "mine.yaml"),
    "prompt": Case(in_repo(".orchestra/prompts/mine.md", PROMPT), read_prompt, "mine.md"),
    "issue": Case(in_repo(".orchestra/issues/0007-x.md", ISSUE), read_issues, "0007-x.md"),
    "github": Case(github, read_github, "GitHub"),
    "etag": Case(etags, read_etags),
    "poll": Case(poll, read_poll),
    "bearings": Case(in_cache("project.json", BEARINGS), read_bearings),
    "bar": Case(in_cache("changes.json", {"124": ["n124 None x 1", [1, 2, 3]]}), read_caches),
    "announced": Case(in_cache("announced.json", {"124": "stuck:r1", "125": ""}), read_caches),
    "news": Case(in_cache("orchestrator.json", {"124": "#124 t is stuck"}), read_caches),
    "budget": Case(in_cache("github/budget.json", TROUBLE), read_caches),
    "tripwire": Case(in_cache("shared-git", "0123456789abcdef"), read_caches),
    "tokens": Case(
        in_cache("tokens.json", {"124": ["n124", {"/x": [0, [1, 2, 3, 4], {"m": [1, 2, 3, 4]}, False]}]}), read_caches
    ),
    "transcript": Case(transcript, read_worker, "#124"),
    "environment": Case(environment, read_environment),
    "mailbox": Case(mailbox, read_mailbox),
}
CI, NIGHTLY = 500 // len(CASES), 10_000 // len(CASES) + 1


@pytest.mark.parametrize("count", [CI, pytest.param(NIGHTLY, marks=[pytest.mark.nightly, pytest.mark.timeout(3000)])])
@pytest.mark.parametrize("name", CASES)
def test_a_changed_file_reads_or_says_so(context: Desk, name: str, count: int) -> None:
    case, rng = CASES[name], random.Random(f"{SEED} {name}")
    write_issue(Path(context.project.root), 8, "Good", "Body.")
    for place in range(count):
        case.spoil(context, rng)
        begun = time.process_time()
        try:
            told = refused(case, context)
        except BaseException as wrong:
            wrong.add_note(f"{name} {place}")
            raise
        assert told is None or (case.name and case.name in told.message), (place, told)
        assert told is None or not unsafe(told.message + told.hint), (place, told)
        assert time.process_time() - begun < SECONDS, place


def refused(case: Case, context: Desk) -> OrchestraError | None:
    try:
        case.read(context)
    except OrchestraError as told:
        return told
    return None


# --- what is not a file at all, or not a sane one ---


def places(context: Desk) -> dict[str, Path]:
    """Everything that is read, by a name for it."""
    root, own, cache = Path(context.project.root), Path(context.store.directory("124")), Path(context.store.cache)
    beside = ("mailbox", "blocked", "prepared", "heartbeat", "environment", "lock", "ask-r1")
    cached = (
        "project.json",
        "environment.json",
        "changes.json",
        "announced.json",
        "orchestrator.json",
        "shared-git",
        "tokens.json",
        "github/budget.json",
    )
    return {
        "session": context.spoilt,
        "journal": context.spoilt.with_suffix(".jsonl"),
        **{name: own / name for name in beside},
        **{name: cache / name for name in cached},
        "issue": root / ".orchestra/issues/0007-x.md",
        "config": root / "orchestra.yaml",
        "layout": root / ".orchestra/layouts/default.yaml",
        "prompt": root / ".orchestra/prompts/worker.md",
        "worktree": root.parent / "124" / ".git",
    }


FOR_UP = ("config", "layout", "prompt")  # these `up` may refuse, naming them; whatever else there is, it goes on


BY_NIGHT = ("link to nothing", "empty", "zeros", "not UTF-8", "NaN", "a number")
SPECIAL = [pytest.param(one, marks=pytest.mark.nightly) if one in BY_NIGHT else one for one in mutate.SPECIAL]


@pytest.mark.parametrize("special", SPECIAL)
def test_a_broken_file_hangs_no_command_and_hides_no_worker(context: Desk, special: str) -> None:
    root = Path(context.project.root)
    write_issue(root, 8, "Good", "Body.")
    pristine = root.parent / "pristine"
    shutil.copytree(context.store.home, pristine)
    for name, path in places(context).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        mutate.place(special, path)
        begun = time.process_time()
        again = Desk(open_project(str(root), context.project.environ, lambda: NOW), context.spoilt)
        looked, checked, opened, hooked = (
            refused(Case(snapshot, read), again) for read in (_look, _doctor, _open, _hook)
        )
        assert checked is None, (name, checked)
        assert hooked is None, (name, hooked)
        if name == "config":
            assert looked is None or "orchestra.yaml" in looked.message, looked
        else:
            assert looked is None, (name, looked)
        named = (path.name, "not installed") if name == "config" else (path.name,)  # an empty config has another agent
        assert opened is None or (name in FOR_UP and any(word in opened.message for word in named)), (name, opened)
        assert time.process_time() - begun < SECONDS, name
        _put_back(path, pristine, context)


def _look(context: Desk) -> None:
    see(context)
    read_caches(context)
    found = LocalTracker(context.project.root)
    assert "8" in [one.number for one in found.issues()]


def _doctor(context: Desk) -> None:
    for finding in doctor(lambda: context.project, context.project.environ, fix=False):
        assert "could not look" not in finding.what, finding
        assert not unsafe(finding.what + finding.fix), finding


def _open(context: Desk) -> None:
    up._validated(context.project, "default")
    repair.repair(context.project, repair.reachable_panes(context.project.tmux)[0])


def _hook(context: Desk) -> None:
    for event in ("PostToolUse", "PermissionRequest", "Stop"):
        with contextlib.suppress(OrchestraError):  # main() leaves a line in the log of it, and ends with 0
            call(context, event, b'{"tool_name": "Bash", "tool_input": {"command": "x"}}')
    statusbar.push_from_hook(context.store, os.environ)


def _put_back(path: Path, pristine: Path, context: Desk) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name}.gone-{time.monotonic_ns()}"))
    else:
        path.unlink(missing_ok=True)
    if path.is_relative_to(context.store.home):
        shutil.rmtree(context.store.home)
        shutil.copytree(pristine, context.store.home)
    elif path.name == "orchestra.yaml":
        configure(Path(context.project.root))
