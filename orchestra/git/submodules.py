"""Submodules in a worker's worktree: filled as in the main checkout, and only removed when nothing of them is lost.

Git makes a submodule anew for each worktree. It is made from the main checkout's own copy, so neither the network nor
a login is needed for what is on this disk already.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git.process import NO_HOOKS, QUIET, AnyPath, GitResult, canonical_path, execute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestra.git.repository import RepositoryFacts

_SECONDS = 1800.0


def fill(repository: RepositoryFacts, path: AnyPath, say: Callable[[str], None]) -> None:
    """Fill the submodules of a new worktree that the main checkout has filled, those inside others too.

    One in which anything is there is left as it is. Raises OrchestraError when one cannot be filled.
    """
    _fill(repository.environ, repository.root, canonical_path(path), "", say)


def _fill(environ: Mapping[str, str], main: Path, here: Path, above: str, say: Callable[[str], None]) -> None:
    names = _names(environ, here)
    for place, commit in _links(environ, here):
        source, target = main / place, here / place
        if place not in names or not (source / ".git").exists():
            continue
        if not target.is_symlink() and not any(entry.name != ".git" for entry in _entries(target)):
            _make(environ, source, here, place, names[place])
            if above:  # all worktrees share what the repository has initialised, but not those of a submodule
                _ask(environ, here, "submodule", "--quiet", "init", "--", place)
            say(f"submodule {clean(above + place)} at {commit[:10]}")
        _fill(environ, source, target, f"{above}{place}/", say)


def _make(environ: Mapping[str, str], source: Path, here: Path, place: str, name: str) -> None:
    """Make one submodule from `source`, the same one in the main checkout; from its own address where that lacks it."""
    url = _ask(environ, source, "config", "remote.origin.url").out
    near = _ask(environ, source, "rev-parse", "--path-format=absolute", "--git-common-dir").out
    update = ("submodule", "--quiet", "update", "--init", "--checkout", "--no-recommend-shallow", "--", place)
    # `--config-env`, because a name may hold a `=`. Git forbids submodules from a path since 2.38.1, but for a yes.
    given = (f"--config-env=submodule.{name}.url=ORCHESTRA_URL", "-c", "protocol.file.allow=always")
    done = _ask({**environ, "ORCHESTRA_URL": near}, here, *given, *update, timeout=_SECONDS)
    if (here / place / ".git").exists():
        known = "+refs/remotes/origin/*:refs/remotes/origin/*"
        _ask(environ, here / place, "-c", "protocol.file.allow=always", "fetch", "--quiet", "--prune", near, known)
        if url:
            _ask(environ, here / place, "remote", "set-url", "origin", url)
    if done.status:
        done = _ask(environ, here, *update, timeout=_SECONDS)
    if done.status:
        where = clean(str(here))
        raise OrchestraError(
            f"the submodule {clean(place)} was not filled: {done.reason()}",
            f"try: git -C {where} submodule update --init --recursive",
        )


def unsaved(repository: RepositoryFacts, path: AnyPath) -> str:
    """What the submodules of a worktree hold that is nowhere else, in a few words; empty when nothing."""
    return next(iter(_unsaved(repository.environ, repository.root, canonical_path(path), "")), "")


def _unsaved(environ: Mapping[str, str], main: Path, here: Path, above: str) -> Iterator[str]:
    names = _names(environ, here)
    for place, _ in _links(environ, here):
        module, name = here / place, clean(above + place)
        if not (module / ".git").exists():
            continue
        if place not in names:
            yield f"{name} is a repository of its own, and no submodule"
        if _ask(environ, module, "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=all").out:
            yield f"the submodule {name} has files that are not committed"
        if count := _commits_nowhere_else(environ, module, main / place):
            yield f"the submodule {name} has {count} commit{'' if count == 1 else 's'} that {_are(count)} not pushed"
        yield from _unsaved(environ, main / place, module, f"{above}{place}/")


def unpublished(repository: RepositoryFacts, path: AnyPath, base: str, *, alone: bool) -> str:
    """A submodule whose commit in a worker's branch nobody else can get, in a few words; empty when there is none.

    What `base` names is where it was, and counts as known: a shallow submodule has it from no branch.
    `alone`: nobody else is there (local issues), so what the main checkout has is enough.
    """
    here = canonical_path(path)
    for place, commit in _links(repository.environ, here):
        if not (here / place / ".git").exists():
            continue
        was = _ask(repository.environ, here, "rev-parse", "--verify", "--quiet", f"{base}:{place}").out
        there = was and not _ask(repository.environ, here / place, "cat-file", "-e", f"{was}^{{commit}}").status
        known = ("--remotes", was) if there else ("--remotes",)
        left = _ask(repository.environ, here / place, "rev-list", commit, "--not", *known).out.split()
        refs = ("HEAD", "--all") if alone else ("--remotes",)
        if count := len(_unknown_to(repository.environ, repository.root / place, left, refs)):
            return f"the submodule {clean(place)} has {count} commit{'' if count == 1 else 's'} not on its remote"
    return ""


def behind(repository: RepositoryFacts, before: str, after: str) -> tuple[str, ...]:
    """The filled submodules of the main checkout that are on another commit in `after` than in `before`."""
    rows = repository.ask("diff", "--no-ext-diff", "--raw", "-z", "--no-renames", before, after).split("\0")
    names = (name for facts, name in zip(rows[::2], rows[1::2], strict=False) if facts.split(" ")[1] == "160000")
    return tuple(name for name in names if (repository.root / name / ".git").exists())


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _commits_nowhere_else(environ: Mapping[str, str], module: Path, main: Path) -> int:
    """How many commits are neither on the submodule's remote nor in the same submodule of the main checkout."""
    own = ("rev-list", "HEAD", "--branches", "--tags", "--glob=refs/stash", "--not", "--remotes")
    done = _ask(environ, module, *own)
    left = done.out.split()
    return len(_unknown_to(environ, main, left)) if left else done.status


def _unknown_to(
    environ: Mapping[str, str], main: Path, commits: Collection[str], known: Sequence[str] = ("HEAD", "--all")
) -> set[str]:
    """Those of the commits that the same submodule in the main checkout does not have, in the refs `known`."""
    if not commits or not (main / ".git").exists():
        return set(commits)
    return set(commits) - set(_ask(environ, main, "rev-list", *known).out.split())


def _links(environ: Mapping[str, str], tree: Path) -> Iterator[tuple[str, str]]:
    """Path and commit of each submodule that the index of a worktree names."""
    for row in _ask(environ, tree, "ls-files", "--stage", "-z").out.split("\0"):
        facts, _, name = row.partition("\t")
        if facts.startswith("160000") and ".." not in name.split("/"):
            yield name, facts.split(" ")[1]


def _names(environ: Mapping[str, str], tree: Path) -> dict[str, str]:
    """The name of each submodule by its path, as `.gitmodules` has them."""
    if not (tree / ".gitmodules").is_file():
        return {}
    words = ("config", "--file", str(tree / ".gitmodules"), "-z", "--get-regexp", r"^submodule\..*\.path$")
    rows = (row.partition("\n") for row in _ask(environ, tree, *words).out.split("\0") if row)
    return {place: key[len("submodule.") : -len(".path")] for key, _, place in rows}


def _entries(directory: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            yield from found
    except FileNotFoundError:
        return


def _ask(environ: Mapping[str, str], at: Path, *argv: str, timeout: float | None = None) -> GitResult:
    switches = [word for setting in (*QUIET, *NO_HOOKS) for word in ("-c", setting)]
    return execute(["-C", str(at), *switches, *argv], environ, timeout=timeout)
