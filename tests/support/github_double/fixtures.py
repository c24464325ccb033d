"""The fixture `github`: a double that fails the test when a client has asked against GitHub's description."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestra.github.tracker import GitHubTracker
from support.github_double.clients import Clock, Connect, api_client
from support.github_double.refs import Bare
from support.github_double.server import Double


@pytest.fixture
def github(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    """A running double of github.com/acme/widgets, with GITHUB_API_URL and GH_TOKEN of this test pointing to it.

    With `github_repo` in the same test, its branches are those of that repository's bare remote; otherwise they are
    made up by `github.push`.
    """
    bare = None
    if "github_repo" in request.fixturenames:
        request.getfixturevalue("github_repo")
        tmp_path: Path = request.getfixturevalue("tmp_path")
        bare = Bare(tmp_path / "widgets.git")
    with Double(bare=bare) as double:
        monkeypatch.setenv("GITHUB_API_URL", double.url)
        monkeypatch.setenv("GH_TOKEN", double.token)
        yield double
        assert not double.violations, f"requests that GitHub would not know: {double.violations}"


@pytest.fixture
def clock() -> Clock:
    """The clock of `connect`."""
    return Clock()


@pytest.fixture
def connect(github: Double, clock: Clock, tmp_path: Path) -> Iterator[Connect]:
    """`connect()` -> a tracker of the double, asked as a command asks; all of a test share one cache."""
    made: list[GitHubTracker] = []

    def build(token: str = github.token, api: str = github.url, **options: Any) -> GitHubTracker:
        client = api_client(api, token, tmp_path / "github", clock, eager=True, **options)
        made.append(GitHubTracker(client, clock))
        return made[-1]

    yield build
    for tracker in made:
        tracker.client.close()


@pytest.fixture
def pushed(github_repo: Path, git: Callable[..., str]) -> Path:
    """`github_repo` with the branch `issue-7`, one commit ahead, pushed."""
    git("-C", github_repo, "switch", "-qc", "issue-7")
    (github_repo / "dark.css").write_text("body { color: white }\n")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "dark mode")
    git("-C", github_repo, "push", "-q", "origin", "issue-7")
    return github_repo


@pytest.fixture
def real(pushed: Path, github: Double) -> Double:
    """The double of that repository, with issue 7."""
    github.add_issue(number=7)
    return github
