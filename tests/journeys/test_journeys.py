"""The main job with the scripted agent: from issues to branches or pull requests, in real tmux and real git."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.github_double import Double
from support.paths import DATA
from support.person import ASK, HANG, Person, configure, write_issue
from support.polling import eventually
from support.servers import both_servers_at_night

pytestmark = pytest.mark.journey

Git = Callable[..., str]

WORK = """
Please.

```script
status planning
status working
write notes/{n}.txt "note {n}"
commit "Add note {n}"
ship
```
"""


@pytest.fixture
def local(repo: Path, git: Git, server: str) -> Person:
    """A user in a repository with local issues 1 to 4 and the scripted agent."""
    configure(
        repo,
        "agent: scripted",
        "tracker: local",
        "verify: test -d notes || test -f colour.txt",
        "workers: {max: 30}",
        f"tmux: {{socket: {server}}}",
    )
    write_issue(repo, 1, "Add a note", WORK.format(n=1))
    write_issue(repo, 2, "Choose a colour", ASK)
    write_issue(repo, 3, "Another note", WORK.format(n=3))
    write_issue(repo, 4, "Never ends", HANG)
    for number in range(5, 30):
        write_issue(repo, number, f"Hang {number}", HANG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo, socket=server)


def test_from_issues_to_branches(local: Person, repo: Path, git: Git) -> None:
    local.runs("up", "-d")
    assert [one["result"] for one in local.asks("spawn", "1", "2", "3")["results"]] == ["spawned"] * 3
    asked = local.sees("2", "stuck")
    assert asked["attention"] == "stuck"
    assert asked["escalation"]["options"] == ["red", "blue"]
    assert "Which colour?   1 red   2 blue" in local.runs("list").out
    assert local.runs("wait", "2", "--for", "complete", code=5)
    assert "delivered, its question is answered" in local.runs("tell", "2", "2").out
    local.runs("wait", "1", "2", "3", "--timeout", "60")
    assert git("-C", repo, "show", "issue-1:notes/1.txt") == "note 1"
    assert git("-C", repo, "show", "issue-2:colour.txt") == "blue"
    assert git("-C", repo, "status", "--porcelain") == ""
    assert git("-C", repo, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    eventually(lambda: [g["state"] for g in local.asks("show", "2")["guidance"]] == ["read"], why="g1 to be read")
    assert local.asks("show", "2")["forwardedMessage"] == "blue"
    kinds = [entry["event"] for entry in local.asks("log", "2")["events"]]
    assert kinds[0] == "spawned"
    assert kinds.index("escalated") < kinds.index("told") < kinds.index("shipped")


def test_merged_by_hand_is_seen_and_pruned(local: Person, repo: Path, git: Git) -> None:
    local.runs("spawn", "1")
    local.sees("1", "complete")
    assert local.asks("prune")["removed"] == []
    git("-C", repo, "merge", "-q", "issue-1")
    local.runs("monitor", "--once")
    assert local.status("1") == "merged"
    assert local.asks("prune", "--dry-run") == {"removed": ["1"], "kept": [], "remoteBranches": []}
    assert local.asks("prune")["removed"] == ["1"]
    assert not (repo.parent / "widgets-issue-1").exists()
    assert local.asks("list")["workers"] == []


@both_servers_at_night
def test_up_twice_changes_nothing(local: Person) -> None:
    local.runs("spawn", "4")
    local.runs("up", "-d")
    facts = ("list-panes", "-a", "-F", "#{session_id} #{window_id} #{pane_id} #{pane_pid} #{window_name}")
    before = local.tmux(*facts), local.asks("list")["workers"][0]["activity"]
    assert len(before[0].splitlines()) >= 2
    local.runs("up", "-d")
    assert (local.tmux(*facts), local.asks("list")["workers"][0]["activity"]) == before


def test_a_second_spawn_opens_the_worker_that_is_there(local: Person) -> None:
    local.runs("spawn", "4")
    pane = local.asks("show", "4")["pane"]["id"]
    assert local.asks("spawn", "4")["results"] == [{"id": "4", "result": "existing", "error": None}]
    assert local.asks("show", "4")["pane"]["id"] == pane
    assert len(local.asks("list")["workers"]) == 1


def test_twenty_concurrent_spawns_make_one_worker(local: Person, repo: Path, git: Git) -> None:
    with ThreadPoolExecutor(20) as pool:
        done = list(pool.map(lambda _: local.asks("spawn", "4", "--no-wait", code=None), range(20)))
    results = [one["results"][0]["result"] for one in done]
    assert sorted(results) == ["existing"] * 19 + ["spawned"], [d for d in done if d["results"][0]["error"]]
    local.sees("4", "working")
    tags = local.tmux("list-panes", "-a", "-F", "#{@orchestra_worker}").split()
    assert tags == ["4"]
    assert git("-C", repo, "worktree", "list").count("[issue-4]") == 1


def test_many_issues_at_once(local: Person, repo: Path, git: Git) -> None:
    numbers = [str(number) for number in range(5, 17)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: local.asks("spawn", n), numbers))
    assert {one["results"][0]["result"] for one in done} == {"spawned"}, done
    windows = local.tmux("list-windows", "-a", "-F", "#{window_name} #{window_panes}").splitlines()
    assert all(int(line.split()[1]) <= 4 for line in windows), windows
    assert git("-C", repo, "worktree", "list").count("[issue-") == 12


@both_servers_at_night
def test_down_and_up_bring_every_worker_back(local: Person) -> None:
    local.runs("spawn", "4", "2")
    local.sees("2", "stuck")
    local.sees("4", "working")
    session = local.asks("show", "4")["agentSession"]
    assert "2 workers stopped" in local.runs("down").out
    found = local.runs("list").out
    assert "the workspace is not open" in found
    assert "crashed" not in found
    assert "#2, #4" in local.runs("up", "-d").err
    eventually(lambda: (local.asks("show", "4")["pane"] or {}).get("dead") is False, why="#4 to be back")
    assert local.asks("show", "4")["agentSession"] == session
    assert local.status("2") == "stuck"
    local.runs("tell", "2", "red")
    local.sees("2", "complete")


@both_servers_at_night
def test_a_worker_that_dies_is_shown_crashed_and_spawn_brings_it_back(local: Person) -> None:
    local.runs("up", "-d")
    local.runs("spawn", "4")
    local.sees("4", "working")
    pid = local.tmux("list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_pid}").split("4 ")[1].split()[0]
    subprocess.run(["kill", "-9", pid], check=True)
    eventually(lambda: local.asks("show", "4")["attention"] == "crashed", why="#4 to be seen dead")
    eventually(lambda: "#4 stuck" in local.tmux("show-options", "-v", "@orchestra_bar"), why="the bar to say so")
    assert local.asks("spawn", "4")["results"][0]["result"] == "existing"
    eventually(lambda: local.asks("show", "4")["attention"] is None, why="#4 to be back")


def test_cancel_keeps_the_work_and_spawn_takes_it_up_again(local: Person, repo: Path, git: Git) -> None:
    local.runs("spawn", "2")
    local.sees("2", "stuck")
    said = local.runs("cancel", "2").out
    assert "issue-2" in said
    assert local.asks("show", "2")["pane"] is None
    assert git("-C", repo, "branch", "--list", "issue-2")
    assert local.asks("spawn", "2")["results"][0]["result"] == "spawned"
    local.sees("2", "stuck")


def test_verification_that_never_passes_ends_with_a_person(repo: Path) -> None:
    again = "\n".join(["ship"] + ["else", "  ship"] * 5 + ["end"] * 5)
    configure(repo, "agent: scripted", "tracker: local", "verify: echo no good; false", "limits: {verify: 3}")
    write_issue(repo, 1, "Never passes", f"```script\nwrite a.txt x\ncommit A\n{again}\n```")
    person = Person(repo)
    person.runs("spawn", "1")
    found = person.sees("1", "stuck")
    assert "fails the same way, 3 times in a row" in found["stuckReason"]
    assert "no good" in found["escalation"]["context"]
    assert found["attempts"]["verify"] == 3


def test_ship_refuses_uncommitted_work(repo: Path) -> None:
    configure(repo)
    write_issue(repo, 1, "Dirty", "```script\nwrite a.txt x\nship\n```")
    person = Person(repo)
    person.runs("spawn", "1")
    eventually(lambda: "not committed: a.txt" in person.screen("1"), why="ship to refuse")
    assert person.status("1") in ("planning", "working")


def test_a_gate_holds_the_ship_until_a_person_approves_just_that(repo: Path, git: Git) -> None:
    gate = 'gates: [{name: auth, paths: ["**/auth/**"], why: "Security"}]'
    configure(repo, "agent: scripted", "tracker: local", gate)
    script = 'write auth/key.py "x = 1"\ncommit A\nship\nelse\n  wait\n  ship\nend'
    write_issue(repo, 1, "Touch auth", f"```script\n{script}\n```")
    person = Person(repo)
    person.runs("spawn", "1")
    found = person.sees("1", "stuck")
    assert found["escalation"]["gate"] == "domain"
    assert "auth/key.py" in found["escalation"]["context"]
    eventually(lambda: "turn-ended" in person.runs("log", "1").out, why="its turn to end")
    person.runs("approve", "1")
    person.sees("1", "complete")


def test_a_setup_that_fails_is_readable_and_makes_the_worker_stuck(repo: Path) -> None:
    configure(repo, "agent: scripted", "tracker: local", "setup: echo no compiler here; exit 7")
    write_issue(repo, 1, "Needs a compiler", "x")
    person = Person(repo)
    said = person.asks("spawn", "1", code=1)
    assert "setup failed with status 7" in said["results"][0]["error"]
    assert "no compiler here" in person.screen("1")
    assert person.status("1") == "stuck"
    assert "no compiler here" in person.asks("show", "1")["escalation"]["context"]


def test_a_worker_may_not_decide_for_the_person(repo: Path) -> None:
    configure(repo)
    write_issue(repo, 1, "Sly", "```script\nrun orchestra spawn 2\nrun orchestra approve 1\nhang\n```")
    write_issue(repo, 2, "Other", "x")
    person = Person(repo)
    person.runs("spawn", "1")
    eventually(lambda: person.screen("1").count("workers may not run this command") >= 1, why="the refusal")
    assert len(person.asks("list")["workers"]) == 1


# --- with GitHub ---


@pytest.fixture
def on_github(github_repo: Path, github: Double, git: Git) -> Person:
    configure(github_repo, "agent: scripted", "verify: test -d notes || test -f colour.txt")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=123, title="Add a note", body=WORK.format(n=123))
    github.add_issue(number=124, title="Choose a colour", body=ASK)
    github.add_issue(number=125, title="Another note", body=WORK.format(n=125))
    return Person(github_repo)


def test_from_issues_to_pull_requests(on_github: Person, github: Double, github_repo: Path, git: Git) -> None:
    on_github.runs("up", "-d")
    on_github.runs("spawn", "123", "124", "125")
    on_github.sees("124", "stuck")
    on_github.runs("tell", "124", "red")
    on_github.runs("wait", "123", "124", "125", "--for", "shipping,complete", "--timeout", "90")
    pulls = {pull.head: pull for pull in github.pulls()}
    assert set(pulls) == {"issue-123", "issue-124", "issue-125"}
    for number, title in (("123", "Add a note"), ("124", "Choose a colour"), ("125", "Another note")):
        pull = pulls[f"issue-{number}"]
        assert (pull.title, pull.base) == (title, "main")
        assert f"Closes #{number}" in str(pull.body)
        assert git("-C", github_repo, "ls-remote", "origin", f"issue-{number}").split()[0] == pull.sha
        assert on_github.asks("show", number)["pullRequestUrl"] == f"https://github.com/acme/widgets/pull/{pull.number}"
    assert git("-C", github_repo, "status", "--porcelain") == ""
    assert not subprocess.run(["grep", "-rl", github.token, on_github.environ["ORCHESTRA_HOME"], "--include=*.json*"],
                              capture_output=True, check=False).stdout  # fmt: skip


def test_work_begins_on_the_base_as_the_remote_has_it(
    on_github: Person, github: Double, github_repo: Path, git: Git, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    git("clone", "-q", tmp_path / "widgets.git", other)
    git("-C", other, "commit", "-q", "--allow-empty", "-m", "merged meanwhile")
    git("-C", other, "push", "-q", "origin", "main")
    on_github.runs("spawn", "123", "--no-wait")
    assert on_github.asks("show", "123")["baseCommit"] == git("-C", other, "rev-parse", "main")
    assert git("-C", github_repo, "status", "--porcelain") == ""


def test_an_outsiders_issue_starts_nothing_without_trust(on_github: Person, github: Double) -> None:
    github.add_issue(number=7, title="Please run this", body="<!-- hidden -->", association="NONE", author="mallory")
    said = on_github.runs("spawn", "7", "--no-wait", code=1)
    assert "mallory" in said.out
    assert "--trust" in said.out
    shown = on_github.runs("spawn", "7", "--no-wait", "--trust")
    assert "<!-- hidden -->" in shown.err


def test_issues_lists_what_has_a_worker(on_github: Person) -> None:
    on_github.runs("spawn", "123", "--no-wait")
    found = {one["number"]: one for one in on_github.asks("issues")["issues"]}
    assert found[123]["worker"] == "123"
    assert found[124]["worker"] is None
    assert "[*] #123" in on_github.runs("issues").out


@pytest.mark.parametrize("name", ["custom", "forms", "places"])
def test_tmuxp_files_open_as_they_are(local: Person, name: str) -> None:
    path = DATA / "layouts" / f"{name}.yaml"
    local.runs("up", str(path), "-d")
    assert local.tmux("list-windows", "-a", "-F", "#{window_name}")
    local.runs("up", str(path), "-d")


def test_the_program_does_not_import_what_it_does_not_need() -> None:
    code = (
        "import sys; sys.argv = ['orchestra', '--version']\n"
        "from orchestra.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('libtmux', 'git', 'ghapi', 'yaml', 'textual') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1].replace("'", '"')) == []
