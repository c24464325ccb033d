"""The configuration, attributes and hooks that a repository's worktrees share: listed, compared, and what each can do.

A worker can write there. What is kept is the whole listing, so that a change can be told by its key, old and new value.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestra.core import fast_json
from orchestra.core.globs import matches
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.git.remote_url import without_password
from orchestra.storage.files import MOST_BYTES, read_text

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts

NAME = "shared-git.json"  # in a project's cache
Values = tuple[str, ...]
Listing = Mapping[str, Values]  # values by key; a hook or the attributes by path, with mode and hash as the value


class Harm(Enum):
    """What a changed key can harm, by who would run or follow it."""

    NOTHING = "nothing"
    USER = "your own git"  # an alias, a pager, an editor: orchestra starts none of these
    REMOTE = "fetch and push"  # where git connects to, and with which programs
    HOOKS = "push"  # what runs at a push
    FILES = "worktrees"  # which files git writes, sees and keeps


# Git writes section and variable in small letters. The first line of these that matches a key decides. What is in no
# line is taken for the worst, FILES: a later git may know more keys than we do.
_RULES: tuple[tuple[Harm, str], ...] = (
    (Harm.REMOTE, "branch.*.pushremote"),
    (Harm.NOTHING, "branch.* remote.*.gh-resolved remote.*.tagopt remote.*.prune remote.*.skip* lfs.*.access"),
    (Harm.NOTHING, "lfs.*.locksverify lfs.repositoryformatversion submodule.*.active submodule.active maintenance.*"),
    (Harm.NOTHING, "gc.* user.* author.* committer.* color.* advice.* init.* column.* pull.* rerere.* feature.* gui.*"),
    (Harm.NOTHING, "i18n.* help.* index.* pack.* rebase.autostash rebase.autosquash core.commitgraph core.abbrev"),
    (Harm.NOTHING, "core.logallrefupdates core.untrackedcache core.multipackindex extensions.worktreeconfig"),
    (Harm.NOTHING, "versionsort.* merge.conflictstyle diff.algorithm github.* gitlab.* gitflow.* git-town.*"),
    (Harm.HOOKS, "core.hookspath hooks/* hook.*"),
    (Harm.REMOTE, "remote.* remotes.* url.* credential.* http.* https.* ssh.* protocol.* fetch.* push.* transfer.*"),
    (Harm.REMOTE, "core.sshcommand core.gitproxy core.askpass core.alternaterefscommand uploadpack.* receive.*"),
    (Harm.REMOTE, "submodule.*.url submodule.recurse submodule.fetchjobs lfs.*"),
    (Harm.USER, "alias.* pager.* core.pager core.editor core.fsmonitor* sequence.* gpg.* commit.* tag.* log.* diff.*"),
    (Harm.USER, "difftool.* mergetool.* merge.tool merge.guitool browser.* man.* tar.* imap.* sendemail.* status.*"),
    (Harm.USER, "interactive.* instaweb.* web.* trailer.* format.*"),
)
# What `git lfs install` writes, word for word: its programs are found on the user's PATH, not named by a path.
_LFS = {
    "filter.lfs.clean": "git-lfs clean -- %f",
    "filter.lfs.smudge": "git-lfs smudge -- %f",
    "filter.lfs.process": "git-lfs filter-process",
    "filter.lfs.required": "true",
}


class ConfigChange(Record):
    """One key that is not what it was; no values: it is not set."""

    key: str
    old: Values
    new: Values

    @property
    def harm(self) -> Harm:
        """What the new value can harm."""
        return harm_of(self.key, self.new)

    def told(self) -> str:
        """`core.hooksPath: not set -> .husky/_`, without secrets."""
        return f"{clean(self.key, 120)}: {_shown(self.key, self.old)} -> {_shown(self.key, self.new)}"


def harm_of(key: str, values: Values = ()) -> Harm:
    """What a key with these values can harm."""
    if key in _LFS and all(value == _LFS[key] for value in values):
        return Harm.NOTHING
    if key.endswith(".gh-resolved") and any("/" in value for value in values):
        return Harm.REMOTE  # issues and pull requests would be those of another repository
    if key.startswith("submodule.") and key.endswith(".url") and not any("::" in value for value in values):
        return Harm.NOTHING  # git copies it there from .gitmodules
    return next((harm for harm, keys in _RULES if matches(key, keys.split())), Harm.FILES)


def listing(repository: RepositoryFacts) -> dict[str, Values]:
    """What is there now: config with its includes, hooks, attributes."""
    found: dict[str, Values] = {}
    common = repository.common
    for file in (common / "config", common / "config.worktree"):
        if not file.exists():
            continue
        listed = repository.git("config", "--file", str(file), "--includes", "--list", "-z").out.split("\0")
        for line in filter(None, listed):
            key, _, value = line.partition("\n")
            found[key] = (*found.get(key, ()), value)
    hooks = common / "hooks"
    for file in (common / "info" / "attributes", *(sorted(hooks.iterdir()) if hooks.is_dir() else ())):
        if file.is_file() and not file.name.endswith(".sample"):
            found[f"{file.parent.name}/{file.name}"] = (_print_of(file),)
    return found


def accepted(cache: str) -> Listing:
    """The listing that the user knows of, as a project's cache keeps it; empty when there is none."""
    try:
        return listing_from(fast_json.loads(read_text(os.path.join(cache, NAME))))
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return {}


def listing_from(kept: Any) -> dict[str, Values]:
    """The listing in what is kept of it; raises TypeError, KeyError or AttributeError for anything else."""
    return {str(key): texts(values) for key, values in kept["listing"].items()}


def texts(values: Any) -> Values:
    """A list of texts, or TypeError."""
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise TypeError("not a list of texts")
    return tuple(values)


def changes(old: Listing, new: Listing) -> tuple[ConfigChange, ...]:
    """What differs, by key."""
    return tuple(
        ConfigChange(key, old.get(key, ()), new.get(key, ()))
        for key in sorted({*old, *new})
        if old.get(key, ()) != new.get(key, ())
    )


def is_file(key: str) -> bool:
    """Whether a key of a listing is a hook or the attributes, and no key of the configuration."""
    return key.startswith(("hooks/", "info/"))


def mark_of(changed: Iterable[ConfigChange]) -> str:
    """A word for exactly these changes."""
    text = "\0".join(f"{one.key}\1{one.old}\1{one.new}" for one in changed)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def changed_at(repository: RepositoryFacts, changed: Iterable[ConfigChange]) -> float:
    """When what holds these keys was written last, in seconds since the epoch."""
    files = {repository.common / (one.key if is_file(one.key) else "config") for one in changed}
    times = [os.lstat(file).st_mtime for file in files if os.path.lexists(file)]
    return max(times, default=0.0)


def _print_of(file: Path) -> str:
    facts = file.stat()
    whole = facts.st_size <= MOST_BYTES  # a worker may have put a terabyte of nothing there
    content = hashlib.sha256(file.read_bytes()).hexdigest()[:12] if whole else f"{facts.st_size} {facts.st_mtime}"
    return f"{facts.st_mode & 0o777:o} {content}"


def _shown(key: str, values: Values) -> str:
    if not values:
        return "not there" if is_file(key) else "not set"
    if key.startswith(("http.", "credential.")) and "header" in key:
        return "(a value that is not shown)"
    return ", ".join(clean(without_password(value), 120) or "''" for value in values)
