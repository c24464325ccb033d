"""The one client: one budget for all processes, and a token that is found anew when it is refused."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.github_double import Double, Fault
from support.github_double.clients import Clock, Connect, api_client

from orchestra.core.pull_text import Wanted
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github.auth import Credentials, Token, keep
from orchestra.github.client import ApiClient
from orchestra.github.poller import Poller
from orchestra.github.rate_limit import Limited
from orchestra.github.tracker import GitHubTracker

pytestmark = pytest.mark.fast

Open = Callable[..., ApiClient]


@pytest.fixture
def opened(github: Double, clock: Clock, tmp_path: Path) -> Iterator[Open]:
    """`opened()` -> a client of the double, as a process of its own has it; all share the project's cache."""
    made: list[ApiClient] = []

    def build(token: str | None = github.token, **options: Any) -> ApiClient:
        made.append(api_client(github.url, token, tmp_path / "github", clock, **options))
        return made[-1]

    yield build
    for client in made:
        client.close()


# One budget.


def test_after_a_secondary_limit_no_process_asks(github: Double, connect: Connect, opened: Open, clock: Clock) -> None:
    github.fault(Fault.SECONDARY)
    with pytest.raises(Limited):
        connect().issues()
    for _ in range(3):
        with pytest.raises(Limited, match="rate limit, asked again in"):
            connect().issues()
    with pytest.raises(Limited):
        Poller(opened(), clock).poll()
    assert len(github.requests) == 1


def test_a_limit_that_the_monitor_hears_holds_commands_too(
    github: Double, connect: Connect, opened: Open, clock: Clock
) -> None:
    github.fault(Fault.PRIMARY)
    with pytest.raises(Limited):
        Poller(opened(), clock).poll()
    with pytest.raises(Limited):
        connect().open_pull("issue-7", "main", Wanted("t", "b"))
    assert len(github.requests) == 1


def test_a_command_may_ask_again_after_a_server_error_and_the_monitor_waits(
    github: Double, connect: Connect, opened: Open, clock: Clock
) -> None:
    github.add_issue(number=7)
    github.fault(Fault.BAD_GATEWAY)
    with pytest.raises(Unreachable, match=r"server error \(502\)"):
        connect().issue("7")
    github.clear_faults()
    with pytest.raises(Limited):
        Poller(opened(), clock).poll()
    assert connect().issue("7").number == "7"


def test_a_ship_waits_out_a_short_limit(github: Double, opened: Open, clock: Clock) -> None:
    github.push("issue-7")
    said: list[str] = []
    client = opened(eager=True)
    client.wait_out_limits(600, said.append)
    client._pause = Pause(github, clock)  # type: ignore[assignment]
    github.fault(Fault.SECONDARY)
    pull, _, _ = GitHubTracker(client, clock).open_pull("issue-7", "main", Wanted("t", "b"))
    assert pull.number == 1
    assert said == ["GitHub wants no request for 1m: waiting"]


def test_a_ship_does_not_wait_for_longer_than_it_may(github: Double, opened: Open, clock: Clock) -> None:
    github.push("issue-7")
    client = opened(eager=True)
    client.wait_out_limits(600, lambda _: None)
    github.fault(Fault.PRIMARY)  # half an hour
    with pytest.raises(Limited):
        GitHubTracker(client, clock).open_pull("issue-7", "main", Wanted("t", "b"))


class Pause:
    """Time that passes at once, and takes the fault with it."""

    def __init__(self, github: Double, clock: Clock) -> None:
        self.github, self.clock = github, clock

    def wait(self, seconds: float) -> None:
        self.clock.shift += seconds + 1
        self.github.clear_faults()


def test_a_second_passes_between_two_writes_of_any_process(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    github.push("issue-8")
    began = time.monotonic()
    connect().open_pull("issue-7", "main", Wanted("t", "b"))
    connect().open_pull("issue-8", "main", Wanted("t", "b"))
    assert time.monotonic() - began >= 1.0


# Tokens.


def test_a_token_from_a_command_is_asked_for_again_when_it_is_refused(
    github: Double, opened: Open, tmp_path: Path
) -> None:
    asked, current = tmp_path / "asked", tmp_path / "current"
    current.write_text(github.token)
    command = f"sh -c 'echo x >> {asked}; cat {current}'"
    client = opened(None, command=command)
    for _ in range(2):
        client.get("/repos/acme/widgets")
    opened(None, command=command).get("/repos/acme/widgets")
    assert asked.read_text().count("x") == 1, "its output is kept until it is refused"
    github.tokens = {"ghp_next": "ann"}
    current.write_text("ghp_next")
    client.get("/repos/acme/widgets")
    assert (client.token, asked.read_text().count("x")) == ("ghp_next", 2)
    assert [one.status for one in github.requests][-2:] == [401, 200]


def test_a_running_process_takes_the_token_that_a_command_brought(github: Double, opened: Open, tmp_path: Path) -> None:
    home = tmp_path / "github" / "home"
    home.mkdir(parents=True)
    keep(Token(github.token, "GH_TOKEN"), "github.com", home)
    client = opened(None)
    client.get("/repos/acme/widgets")
    github.tokens = {"ghp_next": "ann"}
    keep(Token("ghp_next", "GH_TOKEN"), "github.com", home)
    client.get("/repos/acme/widgets")
    assert client.token == "ghp_next"


def test_a_kept_token_that_is_refused_is_dropped_for_that_of_gh(github: Double, opened: Open, tmp_path: Path) -> None:
    home = tmp_path / "github" / "home"
    home.mkdir(parents=True)
    keep(Token("ghp_expired", "GH_TOKEN"), "github.com", home)
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f"#!/bin/sh\necho {github.token}\n")
    gh.chmod(0o755)
    client = opened(environ={"PATH": f"{gh.parent}:{os.environ['PATH']}"})
    assert client.source == "kept"
    client.get("/repos/acme/widgets")
    assert (client.token, client.source) == (github.token, "gh")
    assert not list(home.glob("token-*"))


def test_without_another_token_the_refusal_names_its_source_and_is_not_repeated(
    github: Double, opened: Open, clock: Clock
) -> None:
    client = opened("ghp_wrong")
    with pytest.raises(OrchestraError, match=r"^GitHub refused the token \(from GH_TOKEN\)$"):
        client.get("/repos/acme/widgets")
    with pytest.raises(Limited):
        client.get("/repos/acme/widgets")
    assert len(github.requests) == 1


def test_a_login_is_noticed_while_a_refused_token_is_waited_for(
    github: Double, opened: Open, tmp_path: Path, clock: Clock
) -> None:
    token = tmp_path / "token"
    token.write_text("ghp_wrong")
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f"#!/bin/sh\ncat {token}\n")
    gh.chmod(0o755)
    client = opened(environ={"PATH": f"{gh.parent}:{os.environ['PATH']}"})
    with pytest.raises(OrchestraError, match="refused"):
        client.get("/repos/acme/widgets")
    token.write_text(github.token)  # gh auth login
    clock.shift = 15
    client.get("/repos/acme/widgets")
    assert client.token == github.token


def test_a_token_is_renewed_before_it_ends(github: Double, opened: Open, clock: Clock, tmp_path: Path) -> None:
    current = tmp_path / "current"
    current.write_text(github.token)
    github.tokens["ghp_next"] = "ann"
    github.expiring[github.token] = clock() + 1000
    client = opened(None, command=f"cat {current}")
    client.get("/repos/acme/widgets")
    current.write_text("ghp_next")
    client.get("/repos/acme/widgets")
    assert client.token == github.token
    clock.shift = 800
    client.get("/repos/acme/widgets")
    assert client.token == "ghp_next"
    assert 401 not in [one.status for one in github.requests]


def test_a_command_that_fails_at_the_renewal_keeps_the_old_refusal(
    github: Double, opened: Open, tmp_path: Path
) -> None:
    current = tmp_path / "current"
    current.write_text("ghp_wrong")
    client = opened(None, command=f"cat {current}")
    current.unlink()
    with pytest.raises(OrchestraError, match=r"^GitHub refused the token \(from github.token_command\)$"):
        client.get("/repos/acme/widgets")


def test_what_a_command_printed_is_kept_for_the_user_alone(tmp_path: Path) -> None:
    Credentials("github.com", "echo s3cret", {"PATH": os.environ["PATH"]}, tmp_path).token()
    (kept,) = tmp_path.glob("token-*")
    assert (kept.stat().st_mode & 0o777, kept.read_text()) == (0o600, "s3cret\n")


# Redirects.


def test_the_log_of_a_renamed_repository_is_found(github: Double, opened: Open, clock: Clock) -> None:
    github.push("issue-1")
    github.add_pull("issue-1")
    github.add_run("issue-1", conclusion="failure", log="E   assert 1 == 2\n")
    github.former_names.add("acme/widgets")
    github.repo = "gadgets"
    job = github.runs[0].job.id
    address = opened().location(f"/repos/acme/widgets/actions/jobs/{job}/logs")
    assert opened().piece(address, 100) == b"E   assert 1 == 2\n"
