"""A worker's place to work is complete and apart: ports, files, programs and packages of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]


def issue(*lines: str) -> str:
    return "\n".join(("```script", "status working", *lines, "```", ""))


def commit(repo: Path, git: Git) -> None:
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "all")


SERVER = """
import http.server, os, sqlite3
with sqlite3.connect(os.environ["DATABASE"]) as data:
    data.execute("create table if not exists seen (port)")
    data.execute("insert into seen values (?)", (os.environ["PORT"],))
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
VERIFY = """
import os, sqlite3, urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/README.md", timeout=5).read()
rows = sqlite3.connect(os.environ["DATABASE"]).execute("select port from seen").fetchall()
assert rows == [(os.environ["PORT"],)], rows
"""


def test_two_workers_of_a_web_project_run_side_by_side_on_their_own_ports(repo: Path, git: Git) -> None:
    base = 20000 + os.getpid() % 20000
    (repo / ".gitignore").write_text(".env\n*.db\nserver.pid\nlog\n")
    (repo / ".env").write_text(f"# settings\nexport PORT={base}\nSECRET='keep me'\nDATABASE=main.db\n")
    (repo / "server.py").write_text(SERVER)
    (repo / "verify.py").write_text(VERIFY)
    python = sys.executable
    wait = "i=0; until [ -e ../$COMPOSE_PROJECT_NAME.db ] || [ $i -ge 100 ]; do i=$((i+1)); sleep 0.1; done"
    configure(
        repo,
        "agent: scripted",
        "tracker: local",
        "copy: [.env]",
        "env:",
        f'  PORT: "{{{base} + slot * 10}}"',
        '  DATABASE: "{worktree}/../{project}-{id}.db"',
        '  COMPOSE_PROJECT_NAME: "{project}-{id}"',
        f'address: "http://127.0.0.1:{{{base} + slot * 10}}/"',
        f"setup: ({python} server.py > log 2>&1 & echo $! > server.pid); {wait}; sleep 0.3",
        f"verify: {python} verify.py",
        'teardown: kill $(cat server.pid) && rm "$DATABASE" server.pid log',
    )
    for number in (1, 2):
        write_issue(repo, number, f"Make {number}", issue(f'write made{number}.txt "one"', "commit One", "ship"))
    commit(repo, git)
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2")
    seen = {number: person.sees(number, "complete") for number in ("1", "2")}
    shown = {number: person.asks("show", number) for number in seen}
    assert [shown[number]["variables"]["ORCHESTRA_SLOT"] for number in seen] == ["1", "2"]
    assert [shown[number]["variables"]["PORT"] for number in seen] == [str(base + 10), str(base + 20)]
    assert person.runs("open", "2").out.strip() == f"http://127.0.0.1:{base + 20}/"
    assert f"PORT={base + 10}" in person.runs("show", "1").out
    worktree = Path(seen["2"]["worktreePath"])
    text = f"# settings\nexport PORT={base + 20}\nSECRET='keep me'\n"
    assert (worktree / ".env").read_text().startswith(text)
    person.runs("restart", "1")
    assert person.asks("show", "1")["variables"]["PORT"] == str(base + 10)
    pids = [int((Path(one["worktreePath"]) / "server.pid").read_text()) for one in seen.values()]
    person.runs("cancel", "2")
    assert not list(repo.parent.glob("*-2.db"))
    eventually(lambda: not Path(f"/proc/{pids[1]}").exists(), why="the second server to end")
    assert person.asks("prune")["removed"] == []  # not pushed, and not a word of an ignored file
    assert "not pushed" in person.asks("prune")["kept"][1]["why"]
    person.runs("merge", "1")
    pruned = person.asks("prune")
    assert pruned["removed"] == ["1"], pruned
    assert not list(repo.parent.glob("*-1.db"))
    eventually(lambda: not Path(f"/proc/{pids[0]}").exists(), why="the first server to end")


def test_a_teardown_that_fails_is_said_and_nothing_is_lost(repo: Path, git: Git) -> None:
    configure(repo, "agent: scripted", "tracker: local", "teardown: echo busy; echo the database is in use >&2; exit 3")
    write_issue(repo, 1, "Make", issue("hang"))
    commit(repo, git)
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    worktree = Path(person.asks("show", "1")["worktreePath"])
    said = person.runs("cancel", "1", code=1)
    assert "the teardown of #1 failed with status 3" in said.err
    assert "the database is in use" in said.err
    assert person.status("1") == "cancelled"
    (kept,) = person.asks("prune")["kept"]
    assert "the teardown of #1 failed" in kept["why"]
    assert worktree.exists()
    configure(repo, "agent: scripted", "tracker: local", "teardown: touch ../torn-down")
    assert person.asks("prune")["removed"] == ["1"]
    assert (repo.parent / "torn-down").exists()


def test_numbers_are_free_across_projects_and_kept_over_a_restart(repo: Path, tmp_path: Path, git: Git) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git("init", "-q", other)
    for root in (repo, other):
        configure(root, "agent: scripted", "tracker: local", f"tmux: {{socket: {root.name}}}")
        for number in (1, 2):
            write_issue(root, number, "Make", issue("hang"))
        commit(root, git)
        Person(root, socket=root.name).runs("up", "-d")
    first, second = (Person(root, socket=root.name) for root in (repo, other))

    def slot(person: Person, worker: str) -> str:
        return str(person.asks("show", worker)["variables"]["ORCHESTRA_SLOT"])

    first.runs("spawn", "1")
    second.runs("spawn", "1")
    first.runs("spawn", "2")
    assert [slot(first, "1"), slot(second, "1"), slot(first, "2")] == ["1", "2", "3"]
    second.runs("cancel", "1")
    assert second.asks("prune")["removed"] == ["1"]
    second.runs("spawn", "2")
    assert slot(second, "2") == "2"
    first.runs("down")
    first.runs("up", "-d")
    assert slot(first, "2") == "3"


# --- the user's environment leads into the main checkout ---


@pytest.fixture
def priced(repo: Path, git: Git) -> Path:
    """A package in `src`, a check of it, and an issue whose worker breaks it."""
    (repo / "src" / "widgets").mkdir(parents=True)
    (repo / "src" / "widgets" / "__init__.py").write_text("def price():\n    return 3\n")
    (repo / ".gitignore").write_text(".venv\nvenv\nnode_modules\n__pycache__\n")
    return repo


def environment_at(place: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    return place


def site(environment: Path) -> Path:
    return next((environment / "lib").glob("python3*")) / "site-packages"


def by_path_file(environment: Path, repo: Path) -> None:
    (site(environment) / "__editable__.widgets-1.0.pth").write_text(f"{repo}/src\n")
    named(environment, repo)


def by_old_develop(environment: Path, repo: Path) -> None:
    (site(environment) / "widgets.egg-link").write_text(f"{repo}/src\n../")
    (site(environment) / "easy-install.pth").write_text(f"{repo}/src\n")


FINDER = """
import importlib.util, os, sys
MAPPING = {{'widgets': '{repo}/src/widgets'}}
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in MAPPING:
            return importlib.util.spec_from_file_location(name, MAPPING[name] + "/__init__.py")
def install():
    sys.meta_path.append(Finder)
"""


def by_finder(environment: Path, repo: Path) -> None:
    (site(environment) / "__editable___widgets_1_0_finder.py").write_text(FINDER.format(repo=repo))
    (site(environment) / "__editable__.widgets-1.0.pth").write_text(
        "import __editable___widgets_1_0_finder; __editable___widgets_1_0_finder.install()\n"
    )
    named(environment, repo)


def named(environment: Path, repo: Path) -> None:
    about = site(environment) / "widgets-1.0.dist-info"
    about.mkdir()
    (about / "direct_url.json").write_text(f'{{"dir_info": {{"editable": true}}, "url": "file://{repo}"}}')


@pytest.mark.parametrize("install", [by_path_file, by_old_develop, by_finder])
@pytest.mark.parametrize("place", [".venv", "../venvs/widgets"])
def test_verify_judges_the_worktree_in_an_activated_environment(
    install: Callable[[Path, Path], None], place: str, priced: Path, git: Git
) -> None:
    environment = environment_at(Path(os.path.normpath(priced / place)))
    install(environment, priced)
    check = "python3 -c 'import widgets; assert widgets.price() == 3, widgets.__file__'"
    extra = ["setup: mkdir -p .venv"] if place == ".venv" else []
    configure(priced, "agent: scripted", "tracker: local", f'verify: "{check}"', "limits: {verify: 2}", *extra)
    broken = 'write src/widgets/__init__.py "def price(): return 4"'
    write_issue(priced, 1, "Break it", issue(broken, 'commit "Break it"', "ship"))
    write_issue(priced, 2, "Keep it", issue('write other.txt "one"', 'commit "Other"', "ship"))
    commit(priced, git)
    shell = {"PATH": f"{environment}/bin:{os.environ['PATH']}", "VIRTUAL_ENV": str(environment)}
    person = Person(priced, shell)
    person.runs("up", "-d")
    said = person.runs("spawn", "1", "2").out
    if place == ".venv":
        assert f"without {environment}/bin, which the worktree does not have" in said
    else:
        assert "because widgets is installed from" in said
        person.sees("2", "complete")

    def failed() -> bool:
        return bool(person.asks("show", "1")["attempts"]["verify"])

    eventually(failed, 60, "the broken work to be verified")
    shown = person.asks("show", "1")
    assert shown["status"] != "complete"
    assert shown["apart"]


def test_workspace_packages_behind_a_linked_node_modules_stop_verify(repo: Path, git: Git) -> None:
    (repo / ".gitignore").write_text("node_modules\n")
    (repo / "packages" / "lib").mkdir(parents=True)
    (repo / "packages" / "lib" / "index.js").write_text("module.exports = 3\n")
    (repo / "node_modules" / "@acme").mkdir(parents=True)
    (repo / "node_modules" / "@acme" / "lib").symlink_to("../../packages/lib")
    configure(repo, "agent: scripted", "tracker: local", "link: [node_modules]", "verify: 'true'")
    write_issue(repo, 1, "Make", issue('write a.txt "one"', "commit One", "ship"))
    commit(repo, git)
    person = Person(repo)
    person.runs("up", "-d")
    said = person.runs("spawn", "1").out
    assert "@acme/lib would be taken from another checkout" in said
    assert "npm ci" in said
    eventually(lambda: "verify was not run" in person.screen("1"), why="ship to refuse")
    assert person.status("1") != "complete"


def test_direnvs_bin_of_the_main_checkout_is_the_worktrees(repo: Path, git: Git) -> None:
    (repo / "bin").mkdir()
    (repo / "bin" / "gen").write_text("#!/bin/sh\necho main checkout\n")
    (repo / "bin" / "gen").chmod(0o755)
    configure(repo, "agent: scripted", "tracker: local", "verify: gen > ../seen")
    write_issue(repo, 1, "Make", issue('write bin/gen "#!/bin/sh\\necho worktree"', 'commit "Own gen"', "ship"))
    commit(repo, git)
    person = Person(repo, {"PATH": f"{repo}/bin:{os.environ['PATH']}"})
    person.runs("up", "-d")
    assert f"PATH: {repo.parent}/widgets-issue-1/bin in place of {repo}/bin" in person.runs("spawn", "1").out
    eventually(lambda: (repo.parent / "seen").exists(), why="verify to run")
    assert "main checkout" not in (repo.parent / "seen").read_text()


def test_what_direnv_sets_is_named_where_a_worker_does_not_get_it(repo: Path, git: Git) -> None:
    if shutil.which("direnv") is None:
        pytest.skip("direnv is not installed")
    (repo / "bin").mkdir()
    (repo / "bin" / "gen").write_text("#!/bin/sh\necho $KIND $ROOT\n")
    (repo / "bin" / "gen").chmod(0o755)
    (repo / ".envrc").write_text("PATH_add bin\nexport KIND=secret-word ROOT=$PWD DATABASE_URL=sqlite:$PWD/dev.db\n")
    configure(repo, "agent: scripted", "tracker: local", "verify: gen > ../seen-by-1")
    write_issue(repo, 1, "Without", issue('write a.txt "one"', "commit One", "ship"))
    write_issue(repo, 2, "Named", issue('write b.txt "one"', "commit Two", "ship"))
    write_issue(repo, 3, "Loaded", issue('write c.txt "one"', "commit Three", "ship"))
    commit(repo, git)

    def direnv(*words: str) -> str:
        return subprocess.run(["direnv", *words], cwd=repo, check=True, capture_output=True, text=True).stdout

    direnv("allow", ".")
    person = Person(repo, json.loads(direnv("export", "json")))
    person.runs("up", "-d")
    said = person.runs("spawn", "1").out
    assert "workers do not get what direnv sets here (DATABASE_URL, KIND, ROOT)" in said
    assert "secret-word" not in said
    named = "agents: {scripted: {env: [KIND, ROOT, DATABASE_URL]}}"
    configure(repo, "agent: scripted", "tracker: local", "verify: gen > ../seen-by-2", named)
    said = person.runs("spawn", "2").out
    assert "workers do not get" not in said
    worktree = f"{repo}-issue-2"
    assert f"ROOT: {worktree} in place of {repo}" in said
    assert f"DATABASE_URL: leads into {repo} as it is" in said
    person.sees("2", "complete")
    assert (repo.parent / "seen-by-2").read_text() == f"secret-word {worktree}\n"
    own = ("setup: direnv allow", "verify: direnv exec . gen > ../seen-by-3")
    configure(repo, "agent: scripted", "tracker: local", *own)
    assert "workers do not get" not in person.runs("spawn", "3").out
    person.sees("3", "complete")
    assert (repo.parent / "seen-by-3").read_text() == f"secret-word {repo}-issue-3\n"
