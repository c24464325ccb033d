"""What a project keeps of a user's shell, and when another value replaces a recorded one."""

from __future__ import annotations

import pytest

from orchestra.config.environment import Kind, kind_of, matters, renew, wanted
from orchestra.storage.project_environment import ProjectEnvironment, is_environment, read, write

pytestmark = pytest.mark.fast
OLD = {
    "PATH": "/usr/bin",
    "HTTPS_PROXY": "http://a:1",
    "AWS_PROFILE": "dev",
    "ANTHROPIC_API_KEY": "key-1",
    "EDITOR": "vi",
}
HOW = "orchestra up --environment"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("HTTPS_PROXY", Kind.ROUTE), ("no_proxy", Kind.ROUTE), ("ANTHROPIC_BASE_URL", Kind.ROUTE),
        ("AWS_PROFILE", Kind.ROUTE), ("AWS_REGION", Kind.ROUTE), ("CLAUDE_CODE_USE_BEDROCK", Kind.ROUTE),
        ("CLAUDE_CONFIG_DIR", Kind.ROUTE), ("DATABASE_URL", Kind.ROUTE), ("SSL_CERT_FILE", Kind.ROUTE),
        ("ANTHROPIC_API_KEY", Kind.SECRET), ("AWS_SESSION_TOKEN", Kind.SECRET), ("ANTHROPIC_AUTH_TOKEN", Kind.SECRET),
        ("AWS_SECRET_ACCESS_KEY", Kind.SECRET), ("GOOGLE_APPLICATION_CREDENTIALS", Kind.SECRET),
        ("SSH_AUTH_SOCK", Kind.FOLLOWS), ("EDITOR", Kind.FOLLOWS), ("DISPLAY", Kind.FOLLOWS), ("LC_ALL", Kind.FOLLOWS),
        ("XDG_RUNTIME_DIR", Kind.FOLLOWS), ("GIT_SSH_COMMAND", Kind.FOLLOWS), ("JAVA_HOME", Kind.FOLLOWS),
    ],
)  # fmt: skip
def test_what_a_change_of_a_variable_means(name: str, kind: Kind) -> None:
    assert kind_of(name) is kind


# The command's shell, whether workers live; what is recorded then (None: as before), and what is said.
TABLE: dict[str, tuple[dict[str, str | None], bool, dict[str, str], list[str]]] = {
    "the same": ({}, True, {}, []),
    "a route of running workers": ({"HTTPS_PROXY": "b"}, True, {}, [f"HTTPS_PROXY differs from the one the workers use: {HOW} renews it"]),
    "a route without workers": ({"HTTPS_PROXY": "b"}, False, {"HTTPS_PROXY": "b"}, []),
    "two routes": ({"HTTPS_PROXY": "b", "AWS_PROFILE": "x"}, True, {}, [f"AWS_PROFILE and HTTPS_PROXY differ from those the workers use: {HOW} renews them"]),
    "a route that is not set": ({"HTTPS_PROXY": None}, True, {}, [f"HTTPS_PROXY is not set here, and the workers use it: {HOW} removes it"]),
    "a route that is not set, no worker": ({"HTTPS_PROXY": None}, False, {}, []),
    "a rotated key": ({"ANTHROPIC_API_KEY": "key-2"}, True, {"ANTHROPIC_API_KEY": "key-2"}, ["ANTHROPIC_API_KEY changed: agents that start from now on get it; orchestra restart ID"]),
    "a rotated key, no worker": ({"ANTHROPIC_API_KEY": "key-2"}, False, {"ANTHROPIC_API_KEY": "key-2"}, []),
    "a shell without the key": ({"ANTHROPIC_API_KEY": None}, True, {}, []),
    "an editor": ({"EDITOR": "nano"}, True, {"EDITOR": "nano"}, []),
    "something new": ({"AWS_REGION": "eu-1"}, True, {"AWS_REGION": "eu-1"}, []),
    "a shell without anything": (dict.fromkeys(OLD), False, {}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", list(TABLE))
def test_a_renewal(name: str) -> None:
    change, in_use, recorded, said = TABLE[name]
    given = {key: value for key, value in {**OLD, **change}.items() if value is not None}
    new, sentences = renew(ProjectEnvironment(OLD), given, in_use=in_use, path=True)
    assert new.variables == {**OLD, **recorded}
    assert list(sentences) == said
    again, more = renew(new, given, in_use=in_use, path=True)
    assert (again, more) == (new, ()), "a difference is told once"


def test_a_difference_is_told_again_when_it_is_another_one() -> None:
    old = ProjectEnvironment(OLD)
    new, _ = renew(old, {**OLD, "HTTPS_PROXY": "b"}, in_use=True, path=True)
    assert renew(new, {**OLD, "HTTPS_PROXY": "c"}, in_use=True, path=True).sentences
    back, said = renew(new, OLD, in_use=True, path=True)
    assert not said
    assert renew(back, {**OLD, "HTTPS_PROXY": "b"}, in_use=True, path=True).sentences


def test_a_path_is_replaced_only_by_a_command_that_starts() -> None:
    given = {**OLD, "PATH": "/bin"}
    assert renew(ProjectEnvironment(OLD), given, in_use=True, path=False).recorded.variables["PATH"] == "/usr/bin"
    assert renew(ProjectEnvironment(OLD), given, in_use=True, path=True).recorded.variables["PATH"] == "/bin"


def test_a_shell_inside_our_tmux_only_adds() -> None:
    given = {**OLD, "EDITOR": "old", "HTTPS_PROXY": "old", "AWS_REGION": "eu"}
    new, said = renew(ProjectEnvironment(OLD), given, in_use=True, path=True, only_add=True)
    assert new.variables == {**OLD, "AWS_REGION": "eu"}
    assert not said


@pytest.mark.parametrize(
    ("change", "known"),
    [({"EDITOR": "x"}, False), ({"ANTHROPIC_API_KEY": None}, False), ({"ANTHROPIC_API_KEY": "x"}, True), ({"AWS_PROFILE": None}, True)],
)  # fmt: skip
def test_whether_workers_must_be_looked_for(change: dict[str, str | None], known: bool) -> None:
    given = {key: value for key, value in {**OLD, **change}.items() if value is not None}
    assert matters(ProjectEnvironment(OLD), given) is known


def test_what_is_kept_of_a_shell() -> None:
    shell = {
        **OLD,
        "TERM": "xterm",
        "GH_TOKEN": "x",
        "NPM_TOKEN": "x",
        "MY_SECRET": "x",
        "GIT_DIR": "/x",
        "TMUX": "x",
        "ORCHESTRA_HOME": "/x",
        "CLAUDECODE": "1",
        "DATABASE_URL": "db",
        "XDG_SESSION_ID": "3",
    }
    assert wanted(shell, [["DATABASE_*"], []]) == {**OLD, "DATABASE_URL": "db"}
    assert "GH_TOKEN" in wanted(shell, [["GH_TOKEN"]])


def test_a_record_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = str(tmp_path_factory.mktemp("cache") / "p")
    written = ProjectEnvironment(
        {**OLD, "ODD": "caf\udce9 \u00e9\n#(x)"}, "2026-01-08T11:15:00Z", "orchestra up", {"A": "b"}
    )
    write(cache, written)
    assert read(cache) == written


@pytest.mark.parametrize(
    "found", [None, [], "x", {"A": 1}, {"A=B": "x"}, {"": "x"}, {"A": "\0"}, {"A": "\ud800"}, {1: "x"}]
)
def test_what_no_program_can_be_started_with(found: object) -> None:
    assert not is_environment(found)
