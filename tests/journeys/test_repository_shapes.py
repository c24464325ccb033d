"""Repositories of every shape, each through `up`, `spawn`, `ship`, `doctor`, `merge` and `prune`.

What differs is how the repository was made; what the user sees and gets is the same for all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra.git import submodules
from orchestra.git.worktrees import Repository

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]

WORK = '```script\nstatus working\nwrite made.txt "one"\ncommit One\nship\n```\n'


class Shape(NamedTuple):
    """Where the user runs `orchestra`, the main checkout, and what every worktree must hold."""

    here: Path
    main: Path
    holds: tuple[str, ...] = ("README.md",)


def begun(root: Path, git: Git, *options: str, branch: str = "main") -> Path:
    """A repository with a config, an issue and a first commit."""
    root.mkdir(parents=True)
    git("init", "-q", *options, root)
    filled(root, git, branch)
    return root


def filled(root: Path, git: Git, branch: str = "main", *lines: str) -> None:
    (root / "README.md").write_text("# widgets\n")
    configure(root, "agent: scripted", "tracker: local", "verify: test -f README.md", *lines)
    write_issue(root, 1, "Make one", WORK)
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "first")


def plain(at: Path, git: Git) -> Shape:
    root = begun(at / "widgets", git)
    return Shape(root, root)


def subdirectory(at: Path, git: Git) -> Shape:
    root = begun(at / "widgets", git)
    (root / "src" / "deep").mkdir(parents=True)
    return Shape(root / "src" / "deep", root)


def linked_worktree(at: Path, git: Git) -> Shape:
    root = begun(at / "widgets", git)
    git("-C", root, "worktree", "add", "-q", "-b", "mine", at / "mine")
    return Shape(at / "mine", root)


def _bare(at: Path, git: Git, name: str) -> Path:
    """A bare clone in a directory of its own with worktrees beside it, as people lay it out."""
    begun(at / "origin", git)
    project = at / "widgets"
    project.mkdir()
    git("clone", "-q", "--bare", at / "origin", project / name)
    git("-C", project / name, "remote", "remove", "origin")
    if name == ".bare":
        (project / ".git").write_text("gitdir: ./.bare\n")
    git("-C", project / name, "worktree", "add", "-q", project / "main", "main")
    git("-C", project / name, "worktree", "add", "-q", "-b", "feature", project / "feature")
    return project


def bare_and_worktrees(at: Path, git: Git) -> Shape:
    project = _bare(at, git, ".bare")
    return Shape(project / "main", project / "main")


def bare_from_its_top(at: Path, git: Git) -> Shape:
    project = _bare(at, git, ".bare")
    return Shape(project, project / "main")


def bare_from_another_worktree(at: Path, git: Git) -> Shape:
    project = _bare(at, git, ".bare")
    return Shape(project / "feature", project / "main")


def bare_called_git(at: Path, git: Git) -> Shape:
    """`git clone --bare URL .git` in an empty directory, worktrees below it."""
    project = _bare(at, git, ".git")
    return Shape(project / "main", project / "main")


def bare_beside(at: Path, git: Git) -> Shape:
    """`widgets.git` and worktrees beside it; the checkout is not called main."""
    begun(at / "origin", git)
    git("clone", "-q", "--bare", at / "origin", at / "widgets.git")
    git("-C", at / "widgets.git", "remote", "remove", "origin")
    git("-C", at / "widgets.git", "worktree", "add", "-q", at / "trunk", "main")
    return Shape(at / "trunk", at / "trunk")


def separate_git_directory(at: Path, git: Git) -> Shape:
    root = at / "widgets"
    (at / "elsewhere").mkdir()
    begun(root, git, f"--separate-git-dir={at / 'elsewhere' / 'widgets.git'}")
    return Shape(root, root)


def within_a_submodule(at: Path, git: Git) -> Shape:
    begun(at / "library", git)
    outer = at / "outer"
    outer.mkdir()
    git("init", "-q", outer)
    git("-C", outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", at / "library", "widgets")
    git("-C", outer, "commit", "-qm", "library")
    git("-C", outer / "widgets", "remote", "remove", "origin")
    return Shape(outer / "widgets", outer / "widgets")


def with_submodules(at: Path, git: Git) -> Shape:
    """Submodules that are filled in the main checkout, one inside the other."""
    git("config", "--global", "protocol.file.allow", "always")
    for name in ("inner", "library"):
        (at / name).mkdir(parents=True)
        git("init", "-q", at / name)
        (at / name / f"{name}.txt").write_text(f"{name}\n")
        if name == "library":
            git("-C", at / name, "submodule", "--quiet", "add", at / "inner", "inner")
        git("-C", at / name, "add", ".")
        git("-C", at / name, "commit", "-qm", name)
    root = at / "widgets"
    root.mkdir()
    git("init", "-q", root)
    git("-C", root, "submodule", "--quiet", "add", at / "library", "lib")
    git("-C", root, "submodule", "--quiet", "update", "--init", "--recursive")
    filled(root, git)
    return Shape(root, root, ("README.md", "lib/library.txt", "lib/inner/inner.txt"))


def with_empty_submodules(at: Path, git: Git) -> Shape:
    """A clone whose submodules were never initialised stays so in the worktree."""
    inner = with_submodules(at / "far", git)
    git("clone", "-q", inner.main, at / "widgets")
    git("-C", at / "widgets", "remote", "remove", "origin")
    return Shape(at / "widgets", at / "widgets")


def shallow(at: Path, git: Git) -> Shape:
    begun(at / "origin", git)
    git("-C", at / "origin", "commit", "-q", "--allow-empty", "-m", "second")
    git("clone", "-q", "--depth", "1", f"file://{at / 'origin'}", at / "widgets")
    git("-C", at / "widgets", "remote", "remove", "origin")
    return Shape(at / "widgets", at / "widgets")


def partial(at: Path, git: Git) -> Shape:
    """`git clone --filter=blob:none`: files of other commits are fetched when they are needed."""
    origin = begun(at / "origin", git)
    git("-C", origin, "config", "uploadpack.allowFilter", "true")
    git("clone", "-q", "--filter=blob:none", f"file://{origin}", at / "widgets")
    return Shape(at / "widgets", at / "widgets")


def sparse(at: Path, git: Git) -> Shape:
    root = begun(at / "widgets", git)
    for name in ("kept", "left"):
        (root / name).mkdir()
        (root / name / "file.txt").write_text("one\n")
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "directories")
    git("-C", root, "sparse-checkout", "set", "--cone", "kept", ".orchestra")
    return Shape(root, root, ("README.md", "kept/file.txt", "!left/file.txt"))


def large_files(at: Path, git: Git) -> Shape:
    if shutil.which("git-lfs") is None:
        pytest.skip("git-lfs is not installed")
    root = at / "widgets"
    root.mkdir()
    git("init", "-q", root)
    subprocess.run(["git", "-C", str(root), "lfs", "install", "--local"], check=True, capture_output=True)
    (root / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (root / "big.bin").write_bytes(b"whole file\n")
    filled(root, git)
    return Shape(root, root, ("README.md", "big.bin=whole file"))


def sha256(at: Path, git: Git) -> Shape:
    root = begun(at / "widgets", git, "--object-format=sha256")
    return Shape(root, root)


def reftable(at: Path, git: Git) -> Shape:
    asked = ["git", "init", "-q", "--ref-format=reftable", str(at / "asked")]
    if subprocess.run(asked, check=False, capture_output=True).returncode:
        pytest.skip("this git knows no reftable")
    root = begun(at / "widgets", git, "--ref-format=reftable")
    return Shape(root, root)


def file_monitor(at: Path, git: Git) -> Shape:
    root = begun(at / "widgets", git)
    git("-C", root, "config", "core.fsmonitor", "true")
    git("-C", root, "config", "core.untrackedCache", "true")
    return Shape(root, root)


def hooks_path(at: Path, git: Git) -> Shape:
    """Hooks in a directory of the repository, as husky has them."""
    root = begun(at / "widgets", git)
    hook = root / ".husky" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nrm -rf nested && unset GIT_DIR && git init -q nested && rm -rf nested\n")
    hook.chmod(0o755)
    git("-C", root, "config", "core.hooksPath", ".husky")
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "hooks")
    return Shape(root, root)


def ignored_case(at: Path, git: Git) -> Shape:
    root = begun(at / "Widgets", git)
    git("-C", root, "config", "core.ignoreCase", "true")
    return Shape(root, root)


def odd_name(name: str) -> Callable[[Path, Git], Shape]:
    def made(at: Path, git: Git) -> Shape:
        root = begun(at / name / "widgets", git)
        return Shape(root, root)

    made.__name__ = f"below {name!r}"
    return made


def worktree_configuration(at: Path, git: Git) -> Shape:
    """`extensions.worktreeConfig`, as sparse checkouts and some tools set it, with a core.worktree of its own."""
    root = begun(at / "widgets", git)
    git("-C", root, "config", "extensions.worktreeConfig", "true")
    git("-C", root, "config", "--worktree", "core.worktree", root)
    return Shape(root, root)


def symbolic_link(at: Path, git: Git) -> Shape:
    root = begun(at / "real" / "widgets", git)
    (at / "link").symlink_to(at / "real")
    return Shape(at / "link" / "widgets", root)


def relative_worktrees(at: Path, git: Git) -> Shape:
    """Git 2.48 can write relative paths between a worktree and its repository."""
    root = begun(at / "widgets", git)
    git("-C", root, "config", "worktree.useRelativePaths", "true")
    return Shape(root, root)


def hooks_below_a_quoted_name(at: Path, git: Git) -> Shape:
    root = hooks_path(at / 'it\'s "quoted"', git).main
    (root / "src" / "deep").mkdir(parents=True)
    return Shape(root / "src" / "deep", root)


def sparse_and_linked(at: Path, git: Git) -> Shape:
    root = sparse(at, git).main
    git("-C", root, "worktree", "add", "-q", "-b", "mine", at / "mine")
    return Shape(at / "mine", root, ("README.md", "kept/file.txt", "!left/file.txt"))


def separate_sha256_below_a_tab(at: Path, git: Git) -> Shape:
    root = at / "tab\t#{pane_id}" / "widgets"
    (at / "elsewhere").mkdir()
    begun(root, git, "--object-format=sha256", f"--separate-git-dir={at / 'elsewhere' / 'widgets.git'}")
    return Shape(root, root)


def shallow_and_partial(at: Path, git: Git) -> Shape:
    origin = begun(at / "origin", git)
    git("-C", origin, "config", "uploadpack.allowFilter", "true")
    git("-C", origin, "commit", "-q", "--allow-empty", "-m", "second")
    git("clone", "-q", "--depth", "1", "--filter=blob:none", f"file://{origin}", at / "widgets")
    return Shape(at / "widgets", at / "widgets")


SHAPES: tuple[Callable[[Path, Git], Shape], ...] = (
    bare_from_its_top,
    within_a_submodule,
    with_submodules,
    hooks_below_a_quoted_name,
    sparse_and_linked,
    separate_sha256_below_a_tab,
    shallow_and_partial,
)
# Each alone, and the same code in a slightly different place: by night.
NEIGHBOURS: tuple[Callable[[Path, Git], Shape], ...] = (
    plain,
    subdirectory,
    linked_worktree,
    bare_and_worktrees,
    separate_git_directory,
    shallow,
    partial,
    sparse,
    sha256,
    hooks_path,
    bare_from_another_worktree,
    bare_called_git,
    bare_beside,
    with_empty_submodules,
    large_files,
    reftable,
    file_monitor,
    ignored_case,
    worktree_configuration,
    symbolic_link,
    relative_worktrees,
    *map(odd_name, ("a b", "$HOME (1)", "-dash", "größe", 'it\'s "quoted"', "tab\t#{pane_id}")),
)


def check_files(worktree: Path, wanted: tuple[str, ...]) -> None:
    for word in wanted:
        name, _, content = word.removeprefix("!").partition("=")
        assert (worktree / name).exists() is not word.startswith("!"), (word, sorted(os.listdir(worktree)))
        assert not content or (worktree / name).read_text().strip() == content


@pytest.mark.parametrize(
    "make",
    [*SHAPES, *(pytest.param(make, marks=pytest.mark.nightly) for make in NEIGHBOURS)],
    ids=lambda make: make.__name__,
)
def test_from_the_issue_to_the_merged_branch(make: Callable[[Path, Git], Shape], tmp_path: Path, git: Git) -> None:
    shape = make(tmp_path, git)
    before = set(os.listdir(shape.main.parent))
    person = Person(shape.here)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    worker = person.sees("1", "complete")
    worktree = Path(worker["worktreePath"])
    assert worktree.parent == shape.main.parent or shape.main.parent in worktree.parents
    check_files(worktree, shape.holds)
    assert (worker["changes"]["files"], worker["changes"]["insertions"]) == (1, 1), worker["changes"]
    seen = person.at(worktree).asks("list")  # the same project, seen from inside the worktree
    assert [one["id"] for one in seen["workers"]] == ["1"]
    findings = [f"{one['id']} {one['what']}" for one in person.asks("doctor", code=None)["findings"]]
    assert [one for one in findings if not one.startswith(("E5", "E6", "E7", "E4", "E12"))] == []
    assert "1.txt" not in git("-C", shape.main, "status", "--porcelain")
    person.runs("merge", "1")
    assert (shape.main / "made.txt").read_text().strip() == "one"
    pruned = person.asks("prune")
    assert pruned["removed"] == ["1"], pruned
    assert not worktree.exists()
    assert set(os.listdir(shape.main.parent)) == before
    assert person.asks("list")["workers"] == []


@pytest.mark.parametrize("name", ["new\nline", "return\r", "\udcff\udcfe"])
def test_a_path_that_no_file_of_git_or_ours_can_hold_is_refused_before_anything_is_written(
    name: str, tmp_path: Path, git: Git
) -> None:
    root = begun(tmp_path / name, git)
    for argv in (["up", "-d"], ["spawn", "1"], ["list"], ["doctor"]):
        said = Person(root).runs(*argv, code=1)
        assert "a line break, or bytes that are not UTF-8" in said.out + said.err, said
    assert not (tmp_path / name / ".git" / "orchestra.id").exists()


def test_a_bare_repository_without_a_worktree_says_how_to_make_one(tmp_path: Path, git: Git) -> None:
    git("init", "-q", "--bare", tmp_path / "widgets.git")
    said = Person(tmp_path / "widgets.git").runs("list", code=1)
    assert "is a bare repository" in said.err
    assert "worktree add ../main" in said.err


def test_the_main_checkout_of_a_bare_repository_stays_the_same_when_it_switches_branches(
    tmp_path: Path, git: Git
) -> None:
    shape = bare_and_worktrees(tmp_path, git)
    person = Person(shape.here)
    person.runs("up", "-d")
    git("-C", shape.main, "switch", "-qc", "other")
    git("-C", shape.main.parent / "feature", "switch", "-q", "main")
    person.at(shape.main.parent / "feature").runs("spawn", "1")
    person.sees("1", "complete")
    (listed,) = list(person.asks("list", "--all")["projects"])
    assert listed["root"] == str(shape.main)


def commit_in_the_submodule(worktree: Path, git: Git) -> None:
    (worktree / "lib" / "more.txt").write_text("more")
    git("-C", worktree / "lib", "add", ".")
    git("-C", worktree / "lib", "commit", "-qm", "more")
    git("-C", worktree, "commit", "-qam", "use it")


def branch_in_the_submodule(worktree: Path, git: Git) -> None:
    git("-C", worktree / "lib", "switch", "-qc", "side")
    git("-C", worktree / "lib", "commit", "-q", "--allow-empty", "-m", "aside")
    git("-C", worktree / "lib", "checkout", "-q", "HEAD^")


def file_in_the_inner_submodule(worktree: Path, git: Git) -> None:
    (worktree / "lib" / "inner" / "new.txt").write_text("not committed")


LEFT: tuple[tuple[Callable[[Path, Git], None], str], ...] = (
    (commit_in_the_submodule, "the submodule lib has 1 commit that is not pushed"),
    (branch_in_the_submodule, "the submodule lib has 1 commit that is not pushed"),
    (file_in_the_inner_submodule, "1 files not committed: lib"),
)


def test_a_worktree_stays_while_work_in_a_submodule_is_nowhere_else(tmp_path: Path, git: Git) -> None:
    shape = with_submodules(tmp_path, git)
    for more in (2, 3):
        write_issue(shape.main, more, f"Make {more}", WORK)
    git("-C", shape.main, "add", ".")
    git("-C", shape.main, "commit", "-qm", "issues")
    person = Person(shape.here)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3")
    address = git("-C", shape.main / "lib", "remote", "get-url", "origin")
    worktrees = {number: Path(person.sees(number, "complete")["worktreePath"]) for number in "123"}
    for number, (leave, _) in zip("123", LEFT, strict=True):
        assert git("-C", worktrees[number] / "lib", "remote", "get-url", "origin") == address
        leave(worktrees[number], git)
        person.runs("cancel", number)
    kept = {one["id"]: one["why"] for one in person.asks("prune")["kept"]}
    for number, (_, why) in zip("123", LEFT, strict=True):
        assert why in kept[number], kept
        assert worktrees[number].exists()
    git("-C", worktrees["1"] / "lib", "push", "-q", "origin", "HEAD:refs/heads/more")  # pushed: gone
    git("-C", worktrees["1"], "switch", "-q", "issue-1")
    assert "not pushed" in person.asks("prune")["kept"][0]["why"]  # the outer repository's commit
    git("-C", shape.main, "merge", "-q", "issue-1")
    assert person.asks("prune")["removed"] == ["1"]


def test_a_submodule_that_moves_is_shipped_once_others_can_get_it(tmp_path: Path, git: Git) -> None:
    """The worker's commit in a submodule goes through its remote; the main checkout's own submodule stays as it is."""
    shape = with_submodules(tmp_path, git)
    git("-C", tmp_path / "library", "config", "receive.denyCurrentBranch", "ignore")
    moved = ("run cd lib && echo more > more.txt && git add . && git commit -qm more", 'commit "Use it"')
    for number, lines in ((2, moved), (3, ('write other.txt "one"', "commit Other"))):
        script = "\n".join(("```script", "status working", *lines, "ship", "```"))
        write_issue(shape.main, number, f"Make {number}", script)
    git("-C", shape.main, "add", ".")
    git("-C", shape.main, "commit", "-qm", "issues")
    person = Person(shape.here)
    person.runs("up", "-d")
    person.runs("spawn", "2", "3")
    person.sees("3", "complete")
    refused = "the submodule lib has 1 commit not on its remote"
    eventually(lambda: refused in " ".join(person.screen("2").split()), why="ship to refuse")
    lib = Path(person.asks("show", "2")["worktreePath"]) / "lib"
    assert not [row for row in git("-C", lib, "submodule", "status").splitlines() if row.startswith("-")]
    git("-C", lib, "push", "-q", "origin", "HEAD:refs/heads/more")
    person.runs("tell", "2", "It is pushed: ship.")
    person.sees("2", "complete")
    assert "submodules of the main checkout are at their earlier commits: lib" in person.runs("merge", "2").err
    person.runs("merge", "3")  # with a submodule that is behind: nothing that `git commit -a` should take back
    assert (shape.main / "other.txt").exists()
    assert person.asks("prune")["removed"] == ["2", "3"]
    git("-C", shape.main, "submodule", "--quiet", "update", "--recursive")
    assert (shape.main / "lib" / "more.txt").exists()
    assert git("-C", shape.main, "status", "--porcelain", "--", "lib") == ""


def test_a_submodules_commit_is_published_when_its_remote_has_it(tmp_path: Path, git: Git) -> None:
    """Not when the main checkout alone has it, unless nobody else is there; and always when the base names it."""
    root = with_submodules(tmp_path, git).main
    lib, base = root / "lib", git("-C", root, "rev-parse", "HEAD")
    repository = Repository(root, os.environ)
    git("-C", lib, "switch", "-qc", "mine")
    git("-C", lib, "commit", "-q", "--allow-empty", "-m", "mine")
    git("-C", root, "add", "lib")
    said = "the submodule lib has 1 commit not on its remote"
    assert submodules.unpublished(repository, root, base, alone=False) == said
    assert submodules.unpublished(repository, root, base, alone=True) == ""
    git("-C", root, "commit", "-qm", "use it")
    assert submodules.unpublished(repository, root, git("-C", root, "rev-parse", "HEAD"), alone=False) == ""
    git("-C", lib, "push", "-q", "origin", "mine")
    assert submodules.unpublished(repository, root, base, alone=False) == ""


def test_what_the_user_has_begun_in_the_main_checkout_goes_on(tmp_path: Path, git: Git) -> None:
    """A merge, a rebase, a bisect, some cherry-picks: workers begin and ship meanwhile, their merge waits."""
    shape = plain(tmp_path, git)
    root = shape.main
    for number in (2, 3):
        write_issue(root, number, f"Make {number}", WORK.replace("made", f"made{number}"))
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "issues")
    for name in ("main", "side"):
        git("-C", root, "switch", "-q", *(("-c", name, "HEAD~2") if name != "main" else (name,)))
        for number in (1, 2):
            (root / "README.md").write_text(f"{name} {number}\n")
            git("-C", root, "commit", "-qam", f"{name} {number}")
    git("-C", root, "switch", "-q", "main")
    person = Person(shape.here)
    person.runs("up", "-d")
    ends = {
        "merge": (("merge", "side"), ("merge", "--abort")),
        "rebase": (("rebase", "side"), ("rebase", "--abort")),
        "cherry-pick": (("cherry-pick", "side~1", "side"), ("cherry-pick", "--abort")),
        "bisect": (("bisect", "start", "HEAD", "HEAD~2"), ("bisect", "reset")),
    }
    person.runs("spawn", "1")
    person.sees("1", "complete")
    for word, (begin, end) in ends.items():
        done = subprocess.run(["git", "-C", str(root), *begin], capture_output=True, check=False)
        assert (done.returncode != 0) is (word != "bisect")
        if word == "cherry-pick":  # the first one is done, the second has not begun
            (root / "README.md").write_text("picked\n")
            git("-C", root, "commit", "-qam", "picked")
        elif word != "bisect":
            (root / "README.md").write_text("half done by hand\n")
        before = (git("-C", root, "status"), git("-C", root, "diff"), (root / "README.md").read_text())
        if word == "rebase":
            person.runs("spawn", "2")
            person.sees("2", "complete")
        said = person.runs("merge", "1", code=1).err
        assert f"a {word} is under way in the main checkout" in said
        person.runs("prune")
        person.runs("doctor", "--fix", code=None)
        assert (git("-C", root, "status"), git("-C", root, "diff"), (root / "README.md").read_text()) == before
        git("-C", root, *end)
    person.runs("merge", "1")
    assert (root / "made.txt").exists()


# --- a folder of a monorepo as a project of its own ---


@pytest.fixture
def monorepo(tmp_path: Path, git: Git) -> Path:
    """Two applications, each with its own orchestra.yaml and issues, and a root without one."""
    root = tmp_path / "widgets"
    root.mkdir()
    git("init", "-q", root)
    (root / ".gitignore").write_text(".env\nnode_modules\n")
    (root / "README.md").write_text("# widgets\n")
    for name in ("app", "web-site"):
        folder = root / "packages" / name
        (folder / "src").mkdir(parents=True)
        (folder / "check.sh").write_text(f"pwd > ../../../verified-{name}; test -f made.txt\n")
        (folder / ".env").write_text(f"NAME={name}\n")
        (folder / "node_modules").mkdir()
        configure(
            folder,
            "agent: scripted",
            "tracker: local",
            "verify: sh check.sh",
            "setup: pwd > ../../../set-up",
            f'worktree: "../{name}-{{id}}"',
            f'branch: "{name}-{{id}}"',
            "copy: [.env]",
            "link: [node_modules]",
            "gates:",
            "  - {name: auth, paths: [auth/**]}",
        )
        write_issue(folder, 1, f"Make {name}", WORK)
        write_issue(folder, 2, "Touch auth", WORK.replace("made.txt", "auth/a.txt"))
        write_issue(folder, 3, "Ask", '```script\nstatus working\nescalate "Which?" --option red\nhang\n```\n')
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "all")
    return root


def test_each_folder_with_a_config_is_a_project_of_its_own(monorepo: Path, git: Git) -> None:
    app, site = (Person(monorepo / "packages" / name) for name in ("app", "web-site"))
    app.at(monorepo / "packages" / "app" / "src").runs("up", "-d")
    site.runs("up", "-d")
    app.runs("spawn", "1", "3")
    site.runs("spawn", "1")
    worktree = Path(app.sees("1", "complete")["worktreePath"])
    assert worktree == monorepo.parent / "app-1"
    here = worktree / "packages" / "app"
    assert (here / "made.txt").exists()  # the agent started in the folder
    assert (monorepo.parent / "verified-app").read_text().strip() == str(here)
    assert (here / ".env").read_text() == "NAME=app\n"
    assert (here / "node_modules").is_symlink()
    site.sees("1", "complete")
    assert [one["id"] for one in app.asks("list")["workers"]] == ["1", "3"]
    assert [one["id"] for one in site.asks("list")["workers"]] == ["1"]
    for place in (worktree, here, worktree / "packages"):  # by hand in the worktree: the folder decides
        said = app.at(place).asks("list")
        assert len(said["workers"]) == (2 if place == here else 0), (place, said)
    for person in (app, site):
        findings = [f"{one['id']} {one['what']}" for one in person.asks("doctor", code=None)["findings"]]
        assert [one for one in findings if one.startswith("I")] == []
    app.runs("merge", "1")
    assert (monorepo / "packages" / "app" / "made.txt").exists()
    assert app.asks("prune")["removed"] == ["1"]
    assert [one["id"] for one in site.asks("list")["workers"]] == ["1"]
    names = {one["name"] for one in app.asks("list", "--all")["projects"]}
    assert len(names) == 2


def test_gates_of_a_folder_are_relative_to_it(monorepo: Path) -> None:
    app = Person(monorepo / "packages" / "app")
    configure(
        monorepo / "packages" / "app",
        "agent: scripted",
        "tracker: local",
        "gates:",
        "  - {name: auth, paths: [/auth/**]}",
    )
    app.runs("up", "-d")
    app.runs("spawn", "2")
    asked = app.sees("2", "stuck")["escalation"]
    assert asked["summary"].startswith("gate auth: 1 changed files")
    assert "auth/a.txt" in asked["context"]
    app.runs("approve", "2")
    app.sees("2", "complete")


def test_a_folder_without_a_config_is_the_repositorys_project(tmp_path: Path, git: Git) -> None:
    shape = subdirectory(tmp_path, git)
    person = Person(shape.here)
    person.runs("up", "-d")
    assert person.at(shape.main).asks("list")["project"] == person.asks("list")["project"]
