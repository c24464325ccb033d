"""What a key of the shared git configuration can harm, and how a change of it is told."""

from __future__ import annotations

import pytest

from orchestra.git.shared_config import ConfigChange, Harm, changes, harm_of, mark_of

pytestmark = pytest.mark.fast

HARMLESS = [
    "remote.origin.gh-resolved",
    "remote.upstream.gh-resolved",
    "branch.issue-1.merge",
    "branch.main.vscode-merge-base",
    "lfs.https://github.com/acme/widgets.git/info/lfs.access",
    "lfs.https://x/y.locksverify",
    "lfs.repositoryformatversion",
    "submodule.lib.active",
    "maintenance.auto",
    "maintenance.strategy",
    "gc.auto",
    "user.email",
    "user.name",
    "user.signingkey",
    "color.ui",
    "pull.rebase",
    "rerere.enabled",
    "core.commitgraph",
    "init.defaultbranch",
    "advice.detachedhead",
    "extensions.worktreeconfig",
]
HOOKS = ["core.hookspath", "hooks/pre-push", "hooks/post-checkout", "hooks/reference-transaction"]
REMOTE = [
    "remote.origin.url",
    "remote.origin.pushurl",
    "remote.evil.url",
    "remote.origin.uploadpack",
    "remote.origin.receivepack",
    "remote.origin.proxy",
    "remote.origin.vcs",
    "remote.origin.fetch",
    "remote.pushdefault",
    "url.https://evil/.insteadof",
    "credential.helper",
    "credential.https://github.com.helper",
    "http.proxy",
    "http.https://github.com/.extraheader",
    "core.sshcommand",
    "core.gitproxy",
    "core.askpass",
    "protocol.ext.allow",
    "uploadpack.packobjectshook",
    "push.default",
]
FILES = [
    "filter.x.clean",
    "filter.nbstripout.smudge",
    "core.attributesfile",
    "core.excludesfile",
    "info/attributes",
    "core.worktree",
    "core.bare",
    "core.autocrlf",
    "merge.x.driver",
    "core.sparsecheckout",
    "include.path",
    "includeif.gitdir:/.path",
    "something.new",
    "core.symlinks",
]
USER = [
    "alias.st",
    "pager.diff",
    "core.pager",
    "core.editor",
    "core.fsmonitor",
    "gpg.program",
    "commit.gpgsign",
    "diff.x.textconv",
    "diff.external",
]
TABLE = [(key, harm) for harm, keys in ((Harm.NOTHING, HARMLESS), (Harm.HOOKS, HOOKS), (Harm.REMOTE, REMOTE), (Harm.FILES, FILES), (Harm.USER, USER)) for key in keys]  # fmt: skip


@pytest.mark.parametrize(("key", "harm"), TABLE)
def test_what_a_key_can_harm(key: str, harm: Harm) -> None:
    assert harm_of(key, ("x",)) is harm


@pytest.mark.parametrize(
    ("key", "values", "harm"),
    [
        ("remote.origin.gh-resolved", ("base",), Harm.NOTHING),
        ("remote.origin.gh-resolved", ("eve/widgets",), Harm.REMOTE),
        ("filter.lfs.clean", ("git-lfs clean -- %f",), Harm.NOTHING),
        ("filter.lfs.clean", ("git-lfs clean -- %f; evil",), Harm.FILES),
        ("filter.lfs.clean", ("/tmp/git-lfs clean -- %f",), Harm.FILES),
        ("filter.lfs.required", ("true",), Harm.NOTHING),
        ("filter.lfs.process", ("git-lfs filter-process", "evil"), Harm.FILES),
        ("submodule.lib.url", ("https://github.com/acme/lib",), Harm.NOTHING),
        ("submodule.lib.url", ("../lib.git",), Harm.NOTHING),
        ("submodule.lib.url", ("ext::sh -c evil",), Harm.REMOTE),
        ("submodule.lib.update", ("!evil",), Harm.FILES),
    ],
)
def test_some_values_are_known(key: str, values: tuple[str, ...], harm: Harm) -> None:
    assert harm_of(key, values) is harm


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (ConfigChange("core.hookspath", (), (".husky/_",)), "core.hookspath: not set -> .husky/_"),
        (ConfigChange("core.hookspath", ("a",), ()), "core.hookspath: a -> not set"),
        (ConfigChange("hooks/pre-push", (), ("755 0123",)), "hooks/pre-push: not there -> 755 0123"),
        (ConfigChange("remote.x.url", ("a", "b"), ("",)), "remote.x.url: a, b -> ''"),
        (ConfigChange("remote.x.url", (), ("https://me:secret@host/x",)), "remote.x.url: not set -> https://me:***@host/x"),
        (ConfigChange("http.https://x.extraheader", (), ("Authorization: secret",)), "http.https://x.extraheader: not set -> (a value that is not shown)"),
        (ConfigChange("alias.x\x1b[31m", (), ("\x1b]0;x\a#(touch x)",)), "alias.x[31m: not set -> ]0;x#(touch x)"),
    ],
)  # fmt: skip
def test_a_change_is_told_with_its_values_and_without_secrets(change: ConfigChange, told: str) -> None:
    assert change.told() == told


def test_a_change_is_found_by_key_and_has_a_mark_of_its_own() -> None:
    old = {"a": ("1",), "b": ("2",), "gone": ("x",)}
    found = changes(old, {"a": ("1",), "b": ("3", "4"), "new": ("",)})
    assert [one.key for one in found] == ["b", "gone", "new"]
    assert changes(old, dict(old)) == ()
    assert len({mark_of(found), mark_of(found[:2]), mark_of(())}) == 3
