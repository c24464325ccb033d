"""Git for real: worktrees made, repaired, kept and removed, beside a config that wants to run things."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.polling import eventually

from orchestra.core.models import Changes
from orchestra.errors import OrchestraError, Unreachable
from orchestra.git.change import Change
from orchestra.git.process import execute
from orchestra.git.remote import _credential
from orchestra.git.remote_url import parse_remote_url
from orchestra.git.repository import FlippedBare
from orchestra.git.shared_config import Harm, changes
from orchestra.git.shared_config import listing as shared_listing
from orchestra.git.worktrees import READY, Repository

Git = Callable[..., str]
REASON = "orchestra #7"
BRANCH = "issue-7"


@pytest.fixture
def repository(repo: Path) -> Repository:
    return Repository(repo, os.environ, now=lambda: 1_700_000_000.0)


@pytest.fixture
def base(repository: Repository) -> str:
    return repository.resolve("main")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "widgets-issue-7"


@pytest.fixture
def tree(repository: Repository, base: str, path: Path) -> Path:
    """A worktree with its files, of worker 7."""
    repository.add(path, BRANCH, base, REASON)
    repository.checkout(path)
    return path


def test_a_worktree_that_is_removed_before_its_checkout_is_named(repository: Repository, base: str, path: Path) -> None:
    repository.add(path, BRANCH, base, REASON)
    shutil.rmtree(path)
    with pytest.raises(OrchestraError, match="was not checked out"):
        repository.checkout(path)


def commit(git: Git, tree: Path, name: str, text: str) -> str:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text(text)
    git("-C", tree, "add", name)
    git("-C", tree, "commit", "-qm", f"write {name}")
    return git("-C", tree, "rev-parse", "HEAD")


def held(git: Git, repo: Path, ref: str) -> dict[str, str]:
    names = git("-C", repo, "ls-tree", "-r", "--name-only", ref).splitlines()
    return {name: git("-C", repo, "show", f"{ref}:{name}") for name in names}


# --- which repository, which remote ---


@pytest.mark.parametrize("below", ["", "src/deep", ".git"])
def test_found_from_inside_the_main_worktree(repo: Path, below: str) -> None:
    (repo / below).mkdir(parents=True, exist_ok=True)
    assert Repository.find(repo / below, os.environ).root == repo


def test_found_from_a_linked_worktree(repo: Path, tree: Path) -> None:
    (tree / "deep").mkdir()
    assert Repository.find(tree / "deep", os.environ).root == repo


def test_found_in_a_submodule(repo: Path, tmp_path: Path, git: Git) -> None:
    outer = tmp_path / "outer"
    git("init", "-q", outer)
    git("-C", outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", repo, "part")
    found = Repository.find(outer / "part", os.environ)
    assert (found.root, found.branch_tip("main") is not None) == (outer / "part", True)


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(OrchestraError, match="This is not a git repository: ") as error:
        Repository.find(tmp_path, os.environ)
    assert "git init" in error.value.hint


def test_a_bare_repository_is_refused(tmp_path: Path, git: Git) -> None:
    git("init", "-q", "--bare", tmp_path / "bare.git")
    with pytest.raises(OrchestraError, match="bare repository"):
        Repository.find(tmp_path / "bare.git", os.environ)


@pytest.mark.parametrize("below", [".", "a/b"])
def test_a_repository_with_files_that_calls_itself_bare_is_named(repo: Path, git: Git, below: str) -> None:
    (repo / below).mkdir(parents=True, exist_ok=True)
    git("-C", repo, "config", "core.bare", "true")
    with pytest.raises(FlippedBare, match="is true in") as error:
        Repository.find(repo / below, os.environ)
    assert f"git -C {repo} config core.bare false" in error.value.hint


@pytest.mark.parametrize("says", [None, "git version 2.30.9"], ids=["missing", "old"])
def test_git_missing_or_old(repo: Path, tmp_path: Path, says: str | None) -> None:
    if says:
        (tmp_path / "git").write_text(f"#!/bin/sh\necho {says}\n")
        (tmp_path / "git").chmod(0o755)
    with pytest.raises(OrchestraError, match="2.30 is too old" if says else "git is not installed") as error:
        Repository.find(repo, {**os.environ, "PATH": str(tmp_path)})
    assert "2.31" in error.value.hint


def test_git_missing_for_the_whole_program(repo: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from orchestra.git.worktrees import Repository; from orchestra.errors import OrchestraError\n"
        "import os\ntry: Repository.find(sys.argv[1], os.environ)\n"
        "except OrchestraError as error: print(error.message)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, repo], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("git is not installed, or not on the PATH\n", "")


def test_a_git_that_called_us_does_not_lead_us_elsewhere(
    repo: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("init", "-q", tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert Repository.find(repo, os.environ).root == repo


def test_a_hanging_git_ends() -> None:
    with pytest.raises(Unreachable, match="did not end in 0 s"):
        execute(["-c", "alias.hang=!exec tail -f /dev/null", "hang"], os.environ, timeout=0.2)


URLS = {
    "https://github.com/acme/widgets": ("github.com", "acme", "widgets"),
    "https://github.com/acme/widgets.git": ("github.com", "acme", "widgets"),
    "https://github.com/acme/widgets.git/": ("github.com", "acme", "widgets"),
    "https://me:secret@github.com/acme/widgets.git": ("github.com", "acme", "widgets"),
    "https://GitHub.com/acme/widgets.js": ("github.com", "acme", "widgets.js"),
    "https://ghe.example.com:8443/acme/widgets.git": ("ghe.example.com:8443", "acme", "widgets"),
    "ssh://git@github.com/acme/widgets.git": ("github.com", "acme", "widgets"),
    "ssh://git@ssh.github.com:443/acme/widgets.git": ("github.com", "acme", "widgets"),
    "https://ghe.example.com:443/acme/widgets.git": ("ghe.example.com", "acme", "widgets"),
    "https://www.github.com/acme/widgets/": ("github.com", "acme", "widgets"),
    "ssh://git@ghe.example.com:2222/acme/widgets.git": ("ghe.example.com", "acme", "widgets"),
    "git+ssh://git@github.com/acme/widgets.git": ("github.com", "acme", "widgets"),
    "[git@ssh.github.com:443]:acme/widgets.git": ("github.com", "acme", "widgets"),
    "git@github.com:/acme/widgets.git/": ("github.com", "acme", "widgets"),
    "git@github.com:acme/widgets.git": ("github.com", "acme", "widgets"),
    "github.com:acme/widgets": ("github.com", "acme", "widgets"),
    "git@gitlab.com:group/sub/widgets.git": ("gitlab.com", "group/sub", "widgets"),
    "git://example.com/acme/widgets": ("example.com", "acme", "widgets"),
    "/srv/git/widgets.git": None,
    "../widgets": None,
    "file:///srv/git/acme/widgets.git": None,
    "https://github.com/widgets": None,
    "https://github.com/acme/..": None,
    "https://github.com/acme/$(id)": None,
    "https://[broken/acme/widgets": None,
    "ext::sh -c id": None,
    "": None,
}


@pytest.mark.parametrize("url", URLS, ids=lambda url: url or "empty")
def test_slug(url: str) -> None:
    assert parse_remote_url(url) == URLS[url]


@given(st.text())
def test_slug_never_raises(text: str) -> None:
    found = parse_remote_url(text)
    assert found is None or all(found)


def test_the_remote_is_read_as_it_is_written(github_repo: Path) -> None:
    found = Repository(github_repo, os.environ)
    assert found.choice("").base == ("github.com", "acme", "widgets")
    assert found.label() == "acme-widgets"


def test_the_only_other_remote_will_do(repository: Repository, repo: Path, git: Git) -> None:
    git("-C", repo, "remote", "add", "upstream", "git@github.com:a.b/c.d.git")
    assert repository.label() == "a-b-c-d"
    git("-C", repo, "remote", "set-url", "upstream", "/srv/git/a/b")
    git("-C", repo, "remote", "add", "second", "/srv/git/x/y")
    assert repository.remote() is None


def test_without_a_remote_the_place_is_the_key(repository: Repository, repo: Path, tmp_path: Path) -> None:
    key = repository.label()
    assert key.startswith("widgets-")
    assert len(key) == len("widgets-") + 8
    shutil.copytree(repo, tmp_path / "elsewhere" / "widgets")
    assert Repository(tmp_path / "elsewhere" / "widgets", os.environ).label() != key


def test_the_remote_branch_wins_over_a_stale_local_one(github_repo: Path, git: Git) -> None:
    found = Repository(github_repo, os.environ)
    newer = commit(git, github_repo, "a", "a")
    git("-C", github_repo, "push", "-q", "origin", "main")
    git("-C", github_repo, "reset", "-q", "--hard", "HEAD~1")
    assert found.resolve("main") == newer
    assert found.resolve("HEAD") != newer
    assert found.resolve(newer[:12]) == newer


@pytest.mark.parametrize("ref", ["nowhere", "-x", "--all", "", "main..main", "a b"])
def test_an_unknown_base(repository: Repository, ref: str) -> None:
    with pytest.raises(OrchestraError, match="there is no branch or commit"):
        repository.resolve(ref)


def test_fetch(github_repo: Path, tmp_path: Path, git: Git) -> None:
    found = Repository(github_repo, os.environ)
    git("clone", "-q", tmp_path / "widgets.git", tmp_path / "clone")
    newer = commit(git, tmp_path / "clone", "a", "a")
    git("-C", tmp_path / "clone", "push", "-q")
    assert found.fetch("main")
    assert found.resolve("main") == newer
    assert not found.fetch("nowhere")
    assert not found.fetch("*")
    assert not found.fetch("--upload-pack=touch /tmp/x")
    shutil.rmtree(tmp_path / "widgets.git")
    assert not found.fetch("main")


def test_fetch_keeps_out_those_who_add(github_repo: Path, tmp_path: Path) -> None:
    real, lock = shutil.which("git"), github_repo / ".git" / "orchestra.lock"
    watch = f'case " $* " in *" fetch "*) flock --nonblock {lock} true && exit 9;; esac'
    (tmp_path / "git").write_text(f'#!/bin/sh\n{watch}\nexec {real} "$@"\n')
    (tmp_path / "git").chmod(0o755)
    assert Repository(github_repo, {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}).fetch("main")


# --- add ---


def test_add_twice_is_add_once(repository: Repository, repo: Path, base: str, path: Path, git: Git) -> None:
    before = (repo / ".git" / "config").read_bytes()
    for _ in range(2):
        repository.add(path, BRANCH, base, REASON)
        assert not repository.ready(path)
    assert repository.is_ours(path)
    for _ in range(2):
        repository.checkout(path)
        assert repository.ready(path)
    assert (path / "README.md").read_text() == "# widgets\n"
    assert repository.branch_tip(BRANCH) == base
    assert repository.branch_of(path) == BRANCH
    # Nothing that orchestra made is seen in the main checkout, or was written to its config.
    assert git("-C", repo, "status", "--porcelain", "--ignored") == ""
    assert git("-C", repo, "branch", "--show-current") == "main"
    assert (repo / ".git" / "config").read_bytes() == before
    assert f"locked {REASON}" in git("-C", repo, "worktree", "list", "--porcelain")


def test_a_tree_somebody_worked_in_is_never_reset(repository: Repository, base: str, tree: Path, git: Git) -> None:
    commit(git, tree, "moved", "text")
    (tree / "moved").unlink()
    (tree / "README.md").write_text("mine")
    repository.add(tree, BRANCH, base, REASON, adopt=True)
    repository.checkout(tree)
    assert ((tree / "README.md").read_text(), (tree / "moved").exists()) == ("mine", False)
    git("-C", tree, "checkout", "-q", "--detach")  # as in a rebase
    repository.add(tree, BRANCH, base, REASON, adopt=True)
    assert repository.dirty(tree) == ("README.md", "moved")


def test_a_checkout_that_was_killed_goes_on(repository: Repository, base: str, path: Path) -> None:
    repository.add(path, BRANCH, base, REASON)
    (repository.admin(path) / "index.lock").touch()
    repository.checkout(path)
    (repository.admin(path) / READY).unlink()  # killed after the files, before the mark
    (path / "README.md").write_text("mine")
    repository.checkout(path)
    assert (repository.ready(path), (path / "README.md").read_text()) == (True, "mine")


def test_a_directory_deleted_by_hand_comes_back_with_what_was_staged(
    repository: Repository, base: str, tree: Path, git: Git
) -> None:
    tip = commit(git, tree, "done", "done")
    (tree / "staged").write_text("staged")
    git("-C", tree, "add", "staged")
    shutil.rmtree(tree)
    assert not repository.ready(tree)
    repository.add(tree, BRANCH, base, REASON, adopt=True)
    repository.checkout(tree)
    assert sorted(os.listdir(tree)) == [".git", "README.md", "done", "staged"]
    assert repository.branch_tip(BRANCH) == tip


def leave_branch(repo: Path, path: Path, git: Git) -> None:
    git("-C", repo, "branch", "--no-track", BRANCH, "main")


def leave_begun(repo: Path, path: Path, git: Git) -> None:
    git("-C", repo, "worktree", "add", "-q", "--no-checkout", "-b", BRANCH, path, "main")
    admin = repo / ".git" / "worktrees" / path.name
    (admin / "locked").write_text("initializing")
    (admin / "HEAD").write_text("0" * 40 + "\n")
    (path / ".git").unlink()


def leave_locked_only(repo: Path, path: Path, git: Git) -> None:
    leave_branch(repo, path, git)
    admin = repo / ".git" / "worktrees" / path.name
    admin.mkdir(parents=True)
    (admin / "locked").write_text(REASON)


def leave_without_head(repo: Path, path: Path, git: Git) -> None:
    leave_begun(repo, path, git)
    (repo / ".git" / "worktrees" / path.name / "locked").write_text(REASON)
    (repo / ".git" / "worktrees" / path.name / "commondir").unlink()


def leave_files(repo: Path, path: Path, git: Git) -> None:
    git("-C", repo, "worktree", "add", "-q", "-b", BRANCH, path, "main")
    shutil.rmtree(repo / ".git" / "worktrees")


def leave_torn_pointer(repo: Path, path: Path, git: Git) -> None:
    git("-C", repo, "worktree", "add", "-q", "--no-checkout", "--lock", "--reason", REASON, "-b", BRANCH, path, "main")
    (path / ".git").write_text("")


def leave_ref_lock(repo: Path, path: Path, git: Git) -> None:
    (repo / ".git" / "refs" / "heads" / f"{BRANCH}.lock").touch()


LEFT = [
    leave_branch,
    leave_begun,
    leave_locked_only,
    leave_without_head,
    leave_files,
    leave_torn_pointer,
    leave_ref_lock,
]


@pytest.mark.parametrize("leave", LEFT, ids=lambda leave: leave.__name__)
def test_what_a_killed_add_left_is_repaired(
    repository: Repository, repo: Path, base: str, path: Path, git: Git, leave: Callable[..., None]
) -> None:
    leave(repo, path, git)
    repository.add(path, BRANCH, base, REASON, adopt=True)
    repository.checkout(path)
    assert (path / "README.md").exists()
    assert git("-C", path, "status", "--porcelain", "--branch") == f"## {BRANCH}"
    assert os.listdir(repo / ".git" / "worktrees") == [path.name]
    git("-C", repo, "fsck", "--strict")


ADD = (
    "import os, sys; from orchestra.git.worktrees import Repository\n"
    "root, path, branch, base, reason = sys.argv[1:]; r = Repository(root, os.environ); import git\n"
    "print(flush=True); sys.stdin.readline()\n"
    "r.add(path, branch, base, reason, adopt=True); r.checkout(path)"
)


def adding(repo: Path, path: Path, base: str, number: int) -> subprocess.Popen[str]:
    """A process that has loaded everything and adds a worktree when a line comes in."""
    words = [str(repo), str(path), f"issue-{number}", base, f"orchestra #{number}"]
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", ADD, *words], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_twenty_at_once(repository: Repository, repo: Path, base: str, tmp_path: Path, git: Git) -> None:
    running = [adding(repo, tmp_path / f"w{n}", base, n) for n in range(1, 21)]
    for process in running:
        assert process.stdout
        assert process.stdout.readline()
    ends = [process.communicate("\n")[1] for process in running]
    assert [(process.returncode, end) for process, end in zip(running, ends, strict=True)] == [(0, "")] * 20
    assert all(repository.ready(tmp_path / f"w{n}") for n in range(1, 21))
    assert len(git("-C", repo, "worktree", "list").splitlines()) == 21


def test_one_worktree_made_by_six_at_once(repository: Repository, repo: Path, base: str, path: Path) -> None:
    running = [adding(repo, path, base, 7) for _ in range(6)]
    assert [process.communicate("\n")[1] for process in running] == [""] * 6
    assert (repository.ready(path), repository.dirty(path)) == (True, ())


@pytest.mark.parametrize("hundredth", range(1, 9))
def test_killed_at_any_moment(
    repository: Repository, repo: Path, base: str, path: Path, git: Git, hundredth: int
) -> None:
    process = adding(repo, path, base, 7)
    assert process.stdout
    process.stdout.readline()
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()
    try:
        process.wait(hundredth / 100)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    repository.add(path, BRANCH, base, REASON, adopt=True)
    repository.checkout(path)
    assert (repository.ready(path), repository.dirty(path)) == (True, ())
    git("-C", repo, "fsck", "--strict")


# --- what is somebody's is refused ---


def own_branch(repo: Path, path: Path, git: Git) -> None:
    git("-C", repo, "checkout", "-q", "-b", BRANCH)
    commit(git, repo, "mine", "mine")
    git("-C", repo, "checkout", "-q", "main")


def own_files(repo: Path, path: Path, git: Git) -> None:
    path.mkdir()
    (path / "mine").write_text("mine")


def changed_files(repo: Path, path: Path, git: Git) -> None:
    leave_files(repo, path, git)
    (path / "README.md").write_text("mine")


def own_worktree(repo: Path, path: Path, git: Git) -> None:
    git("-C", repo, "worktree", "add", "-q", "--no-checkout", "-b", "mine", path, "main")


def own_repository(repo: Path, path: Path, git: Git) -> None:
    git("init", "-q", path)


def own_link(repo: Path, path: Path, git: Git) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to(path.parent / "elsewhere")


def own_worktree_of_another(repo: Path, path: Path, git: Git) -> None:
    git("clone", "-q", repo, path.parent / "other")
    git("-C", path.parent / "other", "worktree", "add", "-q", "--no-checkout", "-b", "mine", path)


def branch_in_use(repo: Path, path: Path, git: Git) -> None:
    git("-C", repo, "checkout", "-q", "-b", BRANCH)


def listing(path: Path) -> list[tuple[str, bytes]]:
    return sorted(
        (str(p), p.read_bytes() if p.is_file() else b"") for p in path.rglob("*") if "orchestra" not in p.name
    )


OWN = [
    own_branch,
    own_files,
    changed_files,
    own_worktree,
    own_repository,
    own_link,
    own_worktree_of_another,
    branch_in_use,
]


@pytest.mark.parametrize("make", OWN, ids=lambda make: make.__name__)
def test_add_never_takes_what_is_somebodys(
    repository: Repository, repo: Path, base: str, path: Path, git: Git, make: Callable[..., None]
) -> None:
    make(repo, path, git)
    before = listing(path.parent)
    with pytest.raises(OrchestraError) as error:
        repository.add(path, BRANCH, base, REASON, adopt=True)
    assert listing(path.parent) == before
    assert error.value.hint


@pytest.mark.parametrize("leave", [leave_branch, leave_begun, leave_files], ids=lambda leave: leave.__name__)
def test_without_a_record_nothing_is_adopted(
    repository: Repository, repo: Path, base: str, path: Path, git: Git, leave: Callable[..., None]
) -> None:
    leave(repo, path, git)
    with pytest.raises(OrchestraError, match="exists"):
        repository.add(path, BRANCH, base, REASON)


@pytest.mark.parametrize("branch", ["-x", "a b", "a..b", "x.lock", "", "@{-1}", "a\nb"])
def test_a_bad_branch_name(repository: Repository, base: str, path: Path, branch: str) -> None:
    with pytest.raises(OrchestraError, match="not a valid branch name"):
        repository.add(path, branch, base, REASON)
    assert not path.exists()


# --- facts ---


def test_changes_count_what_is_committed_and_what_is_not(
    repository: Repository, base: str, tree: Path, git: Git
) -> None:
    assert Change(repository, "main", base, at=tree).counts() == Changes()
    commit(git, tree, "src/ä b.txt", "one\ntwo\n")
    commit(git, tree, "picture", "\0\1")
    (tree / "README.md").write_text("# changed\n")
    (tree / "new\tname").write_text("untracked")
    assert Change(repository, "main", base, at=tree).counts() == Changes(4, 4, 1)
    assert Change(repository, "main", base, at=tree).paths() == ("README.md", "new\tname", "picture", "src/ä b.txt")
    assert repository.dirty(tree) == ("README.md", "new\tname")
    assert Change(repository, "main", base, at=tree).commits() == 2
    assert Change(repository, "main", base, at=tree).subjects() == ("write src/ä b.txt", "write picture")
    (tree / "huge").write_text("line\n" * 300_000)
    (tree / "binary").write_bytes(b"\0\n\n")
    (tree / "link").symlink_to("huge")
    os.mkfifo(tree / "fifo")
    assert Change(repository, "main", base, at=tree).counts() == Changes(7, 4, 1)  # git does not show a FIFO
    (tree / "new\tname").write_text("one\ntwo\nthree")
    assert Change(repository, "main", base, at=tree).counts() == Changes(7, 6, 1)
    assert "4 files changed" not in Change(repository, "main", base, at=tree).stat()
    assert "3 files changed" in Change(repository, "main", base, at=tree).stat()


def test_work_is_counted_from_where_it_began_also_after_the_base_went_on(
    repository: Repository, repo: Path, base: str, tree: Path, git: Git
) -> None:
    newer = commit(git, repo, "of-main", "x\n")
    commit(git, tree, "of-worker", "y\n")
    assert Change(repository, newer, newer, at=tree).paths() == ("of-worker",)


def test_a_digest_is_of_the_content(repository: Repository, tree: Path, git: Git) -> None:
    names = ("auth/key", "README.md", "gone")
    first = repository.digest(tree, names)
    commit(git, tree, "other", "x")
    assert repository.digest(tree, names) == first
    commit(git, tree, "auth/key", "x")
    assert repository.digest(tree, names) != first


def test_unpushed_commits_of_a_branch_without_a_remote(
    repository: Repository, repo: Path, base: str, tree: Path, git: Git
) -> None:
    assert repository.unpushed_of(BRANCH, "main") == 0
    commit(git, tree, "a", "a")
    assert repository.unpushed_of(BRANCH, "main") == repository.unpushed_of(BRANCH, "nowhere") - 1 == 1
    git("-C", repo, "merge", "-q", BRANCH)
    assert repository.unpushed_of(BRANCH, "main") == 0


def test_ignored_files_that_are_nowhere_else(repository: Repository, repo: Path, tree: Path) -> None:
    (repo / ".git" / "info" / "exclude").write_text("*.env\n*.pyc\nlib\n")
    for name in ("same.env", "changed.env", "lib/file"):
        (repo / name).parent.mkdir(exist_ok=True)
        (repo / name).write_text("x")
    repository.copy_and_link(tree, ["*.env"], ["lib"])
    assert repository.ignored(tree) == ()
    (tree / "changed.env").write_text("y")
    (tree / "own.env").write_text("z")
    (tree / "made").mkdir()
    (tree / "made" / "x.pyc").write_text("made")
    os.mkfifo(tree / "pipe.env")
    assert repository.ignored(tree) == ("changed.env", "own.env")


def test_conflicts(repository: Repository, repo: Path, base: str, tree: Path, tmp_path: Path, git: Git) -> None:
    commit(git, tree, "README.md", "theirs\n")
    assert repository.conflicts(BRANCH, "main") == ()
    commit(git, repo, "README.md", "ours\n")
    commit(git, repo, "of main", "x")
    git("-C", repo, "config", "merge.x.driver", f"touch {tmp_path / 'canary'}")
    (repo / ".git" / "info" / "attributes").write_text("* merge=x\n")
    assert repository.conflicts(BRANCH, "main") == ("README.md",)
    assert not (tmp_path / "canary").exists()


def test_facts_of_a_path_that_is_no_worktree(repository: Repository, tmp_path: Path) -> None:
    # Git started in a directory that is gone, or whose .git is gone, must not answer for another one.
    with pytest.raises(OrchestraError, match="not a worktree of this repository"):
        repository.dirty(tmp_path / "gone")


def test_our_own_directory_may_be_gone(
    repository: Repository, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    assert repository.dirty(tree) == ()


def test_a_nested_worktree_without_its_pointer_is_not_the_main_checkout(
    repository: Repository, repo: Path, base: str
) -> None:
    nested = repo / "nested"
    repository.add(nested, BRANCH, base, REASON)
    repository.checkout(nested)
    (nested / ".git").unlink()
    (repo / "README.md").write_text("changed in the main checkout")
    assert repository.dirty(nested) == ()


# --- a hostile repository ---


def boobytrap(repo: Path, tree: Path, git: Git, canary: Path) -> None:
    """Every way a worker has to make others run its program."""
    trap = canary.with_suffix(".sh")
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\ncat\n')
    trap.chmod(0o755)
    hooks = repo / ".git" / "hooks"
    for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-push", "fsmonitor-watchman"):
        shutil.copy(trap, hooks / name)
    for key in (
        "core.fsmonitor", "diff.external", "diff.x.textconv", "diff.x.command", "filter.x.clean", "filter.x.process",
        "filter.a=b.clean", "gpg.program", "core.pager", "pager.diff", "pager.status", "core.editor",
        "core.alternateRefsCommand", "sequence.editor", "core.askPass",
    ):  # fmt: skip
        git("-C", repo, "config", key, str(trap))
    git("-C", repo, "config", "log.showSignature", "true")
    git("-C", repo, "config", "filter.x.required", "true")
    (repo / ".git" / "info" / "attributes").write_text("* diff=x filter=x\n*.eq filter=a=b diff=x\n")


def test_nothing_runs_what_a_hostile_config_names(
    repository: Repository, repo: Path, base: str, tree: Path, tmp_path: Path, git: Git
) -> None:
    for name in ("README.md", "a.eq"):
        commit(git, tree, name, "committed\n")
    canary = tmp_path / "canary"
    boobytrap(repo, tree, git, canary)
    for name in ("README.md", "a.eq", "untracked.eq"):
        (tree / name).write_text("changed\n")
    subprocess.run(["git", "-C", tree, "status"], capture_output=True, check=False)
    assert canary.exists(), "the traps work"
    canary.unlink()
    found = Repository.find(tree, os.environ)
    change = Change(found, "main", base, at=tree)
    assert change.counts().files == 3
    assert len(found.dirty(tree)) == 3
    assert change.paths()
    assert change.stat()
    assert change.text()
    change.subjects()
    found.digest(tree, ("README.md",))
    assert shared_listing(found)
    found.add(tmp_path / "w8", "issue-8", base, "orchestra #8")
    (repo / ".env").write_text("x")
    found.copy_and_link(tree, [".env"], ["lib"])
    assert found.snapshot(tree, "7")
    found.remove(tree, BRANCH, id="7")
    found.delete_branch(BRANCH, str(found.branch_tip(BRANCH)))
    assert not canary.exists(), canary.read_text()


def test_a_worktree_cannot_lead_its_facts_elsewhere(
    repository: Repository, repo: Path, tree: Path, tmp_path: Path, git: Git
) -> None:
    (tree / ".git").write_text(f"gitdir: {tmp_path / 'evil'}\n")
    git("-C", repo, "config", "extensions.worktreeConfig", "true")
    (repository.admin(tree) / "config.worktree").write_text(f"[core]\n\tworktree = {tmp_path}\n")
    assert repository.dirty(tree) == ()
    with pytest.raises(OrchestraError, match="it stays"):
        repository.remove(tree, BRANCH, id="7")


def test_the_listing_of_the_shared_configuration_sees_what_could_run(
    repository: Repository, repo: Path, tree: Path, git: Git
) -> None:
    seen = [shared_listing(repository)]
    git("-C", tree, "config", "branch.issue-7.remote", "origin")
    commit(git, tree, "a", "a")
    assert changes(seen[0], shared_listing(repository))[0].harm is Harm.NOTHING
    git("-C", tree, "config", "core.fsmonitor", "x")
    seen.append(shared_listing(repository))
    (repo / ".git" / "info" / "attributes").write_text("* filter=x\n")
    seen.append(shared_listing(repository))
    (repo / ".git" / "hooks" / "pre-push").write_text("#!/bin/sh\n")
    seen.append(shared_listing(repository))
    (repo / ".git" / "hooks" / "pre-push").chmod(0o755)
    seen.append(shared_listing(repository))
    assert [[one.key for one in changes(*pair)][-1] for pair in itertools.pairwise(seen)] == [
        "core.fsmonitor", "info/attributes", "hooks/pre-push", "hooks/pre-push",
    ]  # fmt: skip


# --- copy and link ---


@pytest.fixture
def dressed(repo: Path, git: Git) -> Path:
    """The main checkout with ignored things in it."""
    (repo / ".gitignore").write_text(".env*\n*.local\n/node_modules\nslashed/\n")
    git("-C", repo, "add", ".gitignore")
    git("-C", repo, "commit", "-qm", "ignore")
    for name in (".env", "app/.env.test", "config.local", "node_modules/x/package.json", "slashed/file"):
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(name)
    (repo / ".env").chmod(0o600)
    return repo


def test_copies_and_links(dressed: Path, repository: Repository, path: Path, git: Git) -> None:
    repository.add(path, BRANCH, repository.resolve("main"), REASON)
    repository.checkout(path)
    (dressed / ".worktreeinclude").write_text("# more\n*.local\n")
    (path / ".env.orchestra-part").write_text("of a run that was killed")
    told = repository.copy_and_link(path, [".env*"], ["node_modules"])
    assert sorted(told) == ["copied .env", "copied app/.env.test", "copied config.local", "linked node_modules"]
    assert (path / "app" / ".env.test").read_text() == "app/.env.test"
    assert (path / ".env").stat().st_mode & 0o777 == 0o600
    assert (path / "node_modules" / "x" / "package.json").read_text()
    assert repository.dirty(path) == ()
    (path / ".env").write_text("mine")
    assert repository.copy_and_link(path, [".env*"], ["node_modules"]) == []
    assert (path / ".env").read_text() == "mine"
    assert sorted(os.listdir(path)) == [
        ".env", ".git", ".gitignore", "README.md", "app", "config.local", "node_modules"
    ]  # fmt: skip


DIRT = "git does not ignore it there (a pattern that ends with / does not cover a link)"


def test_what_is_not_copied_or_linked_is_told(
    dressed: Path, repository: Repository, path: Path, tmp_path: Path
) -> None:
    repository.add(path, BRANCH, repository.resolve("main"), REASON)
    repository.checkout(path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".env.out").write_text("secret")
    (dressed / "plain").write_text("not ignored")
    (dressed / ".env.link").symlink_to(outside / ".env.out")
    os.mkfifo(dressed / ".env.fifo")
    (path / "app").symlink_to(outside)
    (dressed / "away.local").symlink_to(outside)
    (path / "config.local").mkdir()
    (dressed / "z.local").write_text("after the one that leads out")
    links = ["../outside", "..", "/etc", "slashed", "away.local", "missing.local", "node_modules/../../outside", ""]
    told = repository.copy_and_link(
        path, ["plain", ".env.link", "app/.env.test"], [*links, "node_modules/x", "README.md"]
    )
    assert told == [
        "not copied: .env.link: Too many levels of symbolic links",
        "not copied: app/.env.test: it leads out of the worktree",
        f"not copied: plain: {DIRT}",
        "not linked: ../outside: it leads out of the worktree",
        "not linked: ..: it leads out of the worktree",
        "not linked: /etc: it leads out of the worktree",
        f"not linked: slashed: {DIRT}",
        "not linked: away.local: it leads out of the repository",
        "not linked: missing.local: there is no such directory in the main checkout",
        "not linked: node_modules/../../outside: it leads out of the worktree",
        "linked node_modules/x",
        f"not linked: README.md: {DIRT}",
    ]
    assert "copied z.local" in repository.copy_and_link(path, ["app/.env*", "*.local"], [])
    made = {".git", ".gitignore", "README.md", "app", "config.local", "node_modules", "z.local"}
    assert set(os.listdir(path)) == made
    assert os.listdir(outside) == [".env.out"]


# --- push ---


@pytest.fixture
def shipped(github_repo: Path, path: Path, git: Git) -> Repository:
    found = Repository(github_repo, os.environ)
    found.add(path, BRANCH, found.resolve("main"), REASON)
    found.checkout(path)
    commit(git, path, "a", "a")
    return found


def test_push_is_seen_on_the_remote_and_tracks_nothing(
    shipped: Repository, path: Path, tmp_path: Path, git: Git
) -> None:
    before = shared_listing(shipped)
    for _ in range(2):
        head = shipped.push(path, BRANCH, token="not-used-for-a-path")
        assert head == git("-C", tmp_path / "widgets.git", "rev-parse", BRANCH)
    assert shared_listing(shipped) == before


def test_push_never_forces(shipped: Repository, path: Path, tmp_path: Path, git: Git) -> None:
    first = shipped.push(path, BRANCH)
    git("-C", path, "commit", "-q", "--amend", "-m", "other")
    with pytest.raises(OrchestraError, match="has commits on issue-7 that are not here") as error:
        shipped.push(path, BRANCH)
    assert "merge origin/issue-7" in error.value.hint
    assert git("-C", tmp_path / "widgets.git", "rev-parse", BRANCH) == first


def test_a_push_replaces_what_was_pushed_last_from_here_and_nothing_else(
    shipped: Repository, path: Path, tmp_path: Path, git: Git
) -> None:
    first = shipped.push(path, BRANCH)
    git("-C", path, "commit", "-q", "--amend", "-m", "signed off")
    second = shipped.push(path, BRANCH, before=first)
    assert git("-C", tmp_path / "widgets.git", "rev-parse", BRANCH) == second != first
    theirs = git("-C", tmp_path / "widgets.git", "commit-tree", f"{second}^{{tree}}", "-p", second, "-m", "theirs")
    git("-C", tmp_path / "widgets.git", "update-ref", f"refs/heads/{BRANCH}", theirs)
    git("-C", path, "commit", "-q", "--amend", "-m", "again")
    with pytest.raises(OrchestraError, match="has commits on issue-7 that are not here"):
        shipped.push(path, BRANCH, before=second)
    assert git("-C", tmp_path / "widgets.git", "rev-parse", BRANCH) == theirs


@pytest.mark.parametrize("to", [">&2", ""], ids=["as git complains", "as a linter prints"])
def test_the_persons_hook_can_refuse_a_push(to: str, shipped: Repository, github_repo: Path, path: Path) -> None:
    hook = github_repo / ".git" / "hooks" / "pre-push"
    hook.write_text(
        f"#!/bin/sh\ntest -z \"$ORCHESTRA_TOKEN\" || exit 0\necho 'error: lint \x1b[31mfails' {to}\nexit 1\n"
    )
    hook.chmod(0o755)
    with pytest.raises(OrchestraError, match="issue-7 was not pushed") as error:
        shipped.push(path, BRANCH)
    assert "error: lint fails" in str(error.value)


def test_a_push_that_lies_is_not_believed(shipped: Repository, path: Path, tmp_path: Path) -> None:
    # Exit status 0, and nothing arrived.
    real = shutil.which("git")
    (tmp_path / "git").write_text(f'#!/bin/sh\ncase " $* " in *" push "*) exit 0;; esac\nexec {real} "$@"\n')
    (tmp_path / "git").chmod(0o755)
    lied = Repository(shipped.root, {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    with pytest.raises(OrchestraError, match="does not show it"):
        lied.push(path, BRANCH)


@pytest.mark.parametrize(
    ("url", "asked", "given"),
    [
        ("https://github.com/acme/widgets.git", "github.com", True),
        ("https://me@ghe.example.com:8443/a/b", "ghe.example.com:8443", True),
        ("https://github.com/acme/widgets.git", "evil.example.com", False),
        ("http://github.com/acme/widgets.git", "github.com", False),
        ("git@github.com:acme/widgets.git", "github.com", False),
    ],
    ids=["its host", "a port", "another host", "not encrypted", "ssh"],
)
def test_the_token_reaches_git_for_its_host_only(tmp_path: Path, url: str, asked: str, given: bool) -> None:
    with _credential(url, "ghp_canary") as (config, keep), (tmp_path / "in").open("w+b") as question:
        question.write(f"protocol=https\nhost={asked}\n\n".encode())
        for _ in range(2):  # git asks, then LFS in its hook does
            question.seek(0)
            words = [word for setting in config for word in ("-c", setting)]
            done = execute([*words, "credential", "fill"], os.environ, keep=keep, stdin=question)
            assert ("password=ghp_canary" in done.out) is given
        assert "ghp_canary" not in repr((config, dict(os.environ)))


# --- snapshot, remove ---


def test_a_snapshot_holds_staged_modified_and_untracked(
    repository: Repository, repo: Path, tree: Path, git: Git
) -> None:
    (tree / "README.md").write_text("staged")
    git("-C", tree, "add", "README.md")
    (tree / "README.md").write_text("modified")
    (tree / "new").mkdir()
    (tree / "new" / "file").write_text("untracked")
    before = (git("-C", tree, "status", "--porcelain"), (repository.admin(tree) / "index").read_bytes())
    ref = repository.snapshot(tree, "7")
    assert ref is not None
    assert ref.startswith("refs/orchestra/trash/7/20231114T221320Z-")
    assert held(git, repo, ref) == {"README.md": "modified", "new/file": "untracked"}
    assert held(git, repo, f"{ref}~1") == {"README.md": "staged"}
    assert git("-C", repo, "rev-parse", f"{ref}~2") == repository.branch_tip(BRANCH)
    assert (git("-C", tree, "status", "--porcelain"), (repository.admin(tree) / "index").read_bytes()) == before


def test_nothing_to_keep(repository: Repository, repo: Path, base: str, tree: Path, git: Git) -> None:
    assert repository.snapshot(tree, "7") is None
    commit(git, tree, "a", "a")
    assert repository.snapshot(tree, "7") is None
    repository.add(repo.parent / "w8", "issue-8", base, "orchestra #8")
    assert repository.snapshot(repo.parent / "w8", "8") is None
    assert git("-C", repo, "for-each-ref", "refs/orchestra") == ""


def test_commits_that_no_branch_has_are_kept(repository: Repository, repo: Path, tree: Path, git: Git) -> None:
    git("-C", tree, "checkout", "-q", "--detach")
    loose = commit(git, tree, "a", "a")
    ref = repository.snapshot(tree, "7")
    assert git("-C", repo, "merge-base", "--is-ancestor", loose, str(ref)) == ""


def test_a_merge_in_conflict_is_kept(repository: Repository, repo: Path, tree: Path, git: Git) -> None:
    commit(git, repo, "README.md", "ours")
    commit(git, tree, "README.md", "theirs")
    subprocess.run(["git", "-C", tree, "merge", "main"], capture_output=True, check=False)
    ref = repository.snapshot(tree, "7")
    assert "<<<<<<<" in held(git, repo, str(ref))["README.md"]


def test_remove_keeps_branch_and_work(repository: Repository, repo: Path, tree: Path, git: Git) -> None:
    tip = commit(git, tree, "a", "a")
    (tree / "untracked").write_text("work")
    ref = repository.remove(tree, BRANCH, id="7")
    assert held(git, repo, str(ref)) == {"README.md": "# widgets", "a": "a", "untracked": "work"}
    assert not tree.exists()
    assert repository.branch_tip(BRANCH) == tip
    assert len(git("-C", repo, "worktree", "list").splitlines()) == 1
    assert repository.remove(tree, BRANCH, id="7") is None
    (repo / ".git" / "refs" / "heads" / f"{BRANCH}.lock").touch()  # of a deletion that was killed
    repository.delete_branch(BRANCH, tip)
    assert repository.branch_tip(BRANCH) is None
    assert tip in git("-C", repo, "for-each-ref", "refs/orchestra/trash/branches/issue-7")
    repository.delete_branch(BRANCH, tip)


def test_a_removal_that_was_killed_goes_on(repository: Repository, tree: Path, git: Git) -> None:
    (tree / "work").write_text("work")
    (tree / ".git").unlink()
    (tree / "README.md").unlink()
    ref = repository.remove(tree, BRANCH, id="7")
    assert held(git, repository.root, str(ref)) == {"work": "work"}
    assert not tree.exists()


def test_a_worktree_deleted_by_hand_is_removed(repository: Repository, repo: Path, tree: Path, git: Git) -> None:
    (tree / "staged").write_text("staged")
    git("-C", tree, "add", "staged")
    shutil.rmtree(tree)
    ref = repository.remove(tree, BRANCH, id="7")
    assert held(git, repo, str(ref))["staged"] == "staged"
    assert repository.admin_of(tree) is None


def test_what_a_link_leads_to_outlives_the_worktree(repository: Repository, repo: Path, tree: Path, git: Git) -> None:
    (repo / ".git" / "info" / "exclude").write_text("lib\n")
    (repo / "lib").mkdir()
    (repo / "lib" / "file").write_text("x")
    assert repository.copy_and_link(tree, [], ["lib"]) == ["linked lib"]
    repository.remove(tree, BRANCH, id="7")
    assert (repo / "lib" / "file").read_text() == "x"


def of_another_worker(repo: Path, tree: Path, git: Git) -> Path:
    git("-C", repo, "worktree", "unlock", tree)
    git("-C", repo, "worktree", "lock", "--reason", "orchestra #77", tree)
    return tree


def unlocked(repo: Path, tree: Path, git: Git) -> Path:
    git("-C", repo, "worktree", "unlock", tree)
    return tree


def locked_by_the_person(repo: Path, tree: Path, git: Git) -> Path:
    git("-C", repo, "worktree", "unlock", tree)
    git("-C", repo, "worktree", "lock", "--reason", "on my disk", tree)
    return tree


def the_main_worktree(repo: Path, tree: Path, git: Git) -> Path:
    (repo / ".git" / "locked").write_text(REASON)
    return repo


def a_link(repo: Path, tree: Path, git: Git) -> Path:
    (repo.parent / "link").symlink_to(tree)
    return repo.parent / "link"


def a_link_in_its_place(repo: Path, tree: Path, git: Git) -> Path:
    tree.rename(repo.parent / "moved")
    tree.symlink_to(repo.parent / "moved")
    return tree


def a_stranger(repo: Path, tree: Path, git: Git) -> Path:
    (repo.parent / "stranger").mkdir()
    return repo.parent / "stranger"


def another_branch(repo: Path, tree: Path, git: Git) -> Path:
    git("-C", tree, "switch", "-q", "-c", "other")
    return tree


def a_repository_inside(repo: Path, tree: Path, git: Git) -> Path:
    git("clone", "-q", repo, tree / "inside")
    return tree


def a_repository_committed(repo: Path, tree: Path, git: Git) -> Path:
    git("clone", "-q", repo, tree / "inside")
    git("-C", tree, "-c", "advice.addEmbeddedRepo=false", "add", "inside")
    git("-C", tree, "commit", "-qm", "embedded")
    return tree


def a_repository_in_its_place(repo: Path, tree: Path, git: Git) -> Path:
    shutil.rmtree(tree)
    git("clone", "-q", repo, tree)
    return tree


STAYS = [
    of_another_worker,
    unlocked,
    locked_by_the_person,
    the_main_worktree,
    a_link,
    a_link_in_its_place,
    a_stranger,
    another_branch,
    a_repository_inside,
    a_repository_committed,
    a_repository_in_its_place,
]


@pytest.mark.parametrize("make", STAYS, ids=lambda make: make.__name__)
def test_remove_refuses(repository: Repository, repo: Path, tree: Path, git: Git, make: Callable[..., Path]) -> None:
    path = make(repo, tree, git)
    before = listing(repo.parent)
    with pytest.raises(OrchestraError, match="it stays"):
        repository.remove(path, BRANCH, id="7")
    assert listing(repo.parent) == before


def test_a_branch_with_more_than_was_proven_stays(repository: Repository, base: str, tree: Path, git: Git) -> None:
    with pytest.raises(OrchestraError, match="is checked out: it stays"):
        repository.delete_branch(BRANCH, base)
    tip = commit(git, tree, "a", "a")
    repository.remove(tree, BRANCH, id="7")
    with pytest.raises(OrchestraError, match="has moved"):
        repository.delete_branch(BRANCH, base)
    assert repository.branch_tip(BRANCH) == tip


def test_the_lock_outlives_a_killed_orchestra_until_its_git_ends(
    repository: Repository, repo: Path, tmp_path: Path
) -> None:
    """A git that is still adding keeps the next one out, although the process that took the lock is gone."""
    (tmp_path / "git").write_text(f"#!/bin/sh\ntouch {tmp_path / 'adding'}\nexec tail -f /dev/null\n")
    (tmp_path / "git").chmod(0o755)
    script = (
        "import os, sys; from orchestra.git.worktrees import Repository\n"
        "r = Repository(sys.argv[1], {'PATH': sys.argv[2]})\n"
        "with r.locked() as fd:\n"
        "    print(flush=True); r.git('worktree', 'add', keep=(fd,))"
    )
    words = [sys.executable, "-c", script, str(repo), f"{tmp_path}:{os.environ['PATH']}"]
    holder = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    eventually((tmp_path / "adding").exists, why="the false git runs")
    children = subprocess.run(
        ["pgrep", "-P", str(holder.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    holder.kill()
    holder.communicate()
    waiting = subprocess.Popen(["flock", "--nonblock", repo / ".git" / "orchestra.lock", "true"])
    assert waiting.wait() == 1
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    with repository.locked():
        pass
