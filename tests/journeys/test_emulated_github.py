"""From issue to merged and pruned on a GitHub that others wrote (npm's `emulate`): the double may share our mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.emulated_github import TOKENS, emulated_github, program
from support.person import Person, configure
from support.polling import eventually
from support.pull_acts import Git

pytestmark = [pytest.mark.journey, pytest.mark.nightly, pytest.mark.timeout(600)]

BODY = "```script\nstatus working\n" + "".join(
    f"write a.txt {n}\ncommit Change{n}\nship\nwait\n" for n in range(3)
) + "```"  # fmt: skip


@pytest.fixture(scope="session")
def emulate() -> Path:
    """The program; installed with the user's own npm settings, before a test hides them."""
    return program()


def test_from_issue_to_merged_and_pruned(
    emulate: Path, github_repo: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "https://github.com/ann/widgets.git"
    git("-C", github_repo, "remote", "set-url", "origin", address)
    git("-C", github_repo, "config", f"url.{tmp_path / 'widgets.git'}.insteadOf", address)
    configure(
        github_repo,
        "agent: scripted",
        "github: {poll: 1s}",
        "checks: {settle: 5s}",
        "notify: {desktop: false}",
        "trust: {logins: [rob]}",
    )
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    with emulated_github(emulate, tmp_path / "widgets.git", tmp_path) as github:
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        monkeypatch.setenv("GH_TOKEN", TOKENS["ann"])
        person = Person(github_repo)
        issue = str(github.asks("POST", "/issues", {"title": "Add export", "body": BODY})["number"])

        def passes(state: str, told: int) -> None:
            """The monitor looks until `list` says so."""

            def look() -> bool:
                person.runs("monitor", "--once")
                row = person.asks("show", issue)
                return row["state"] == state and len(row["guidance"]) == told

            eventually(look, 120, f"{state}, told {told}: {person.runs('list', code=None).out}")

        def checked(conclusion: str) -> None:
            sha = github.refs.heads()[f"issue-{issue}"]
            output = {"title": "unit", "summary": "E   assert 1 == 2"}
            facts = {"name": "test", "head_sha": sha, "status": "completed", "conclusion": conclusion, "output": output}
            github.asks("POST", "/check-runs", facts)

        person.runs("spawn", issue)
        person.sees(issue, "shipping")
        (pull,) = github.asks("GET", "/pulls")
        assert (pull["head"]["ref"], pull["base"]["ref"], pull["title"]) == (f"issue-{issue}", "main", "Add export")
        checked("failure")
        passes("waiting for CI", 1)
        assert "assert 1 == 2" in person.asks("show", issue)["guidance"][0]["text"]
        checked("success")
        passes("ready", 1)
        review = {"event": "REQUEST_CHANGES", "body": "Use two, please."}
        github.asks("POST", f"/pulls/{pull['number']}/reviews", review, "rob")
        passes("waiting for CI", 2)
        assert "Use two, please." in person.asks("show", issue)["guidance"][1]["text"]
        checked("success")
        passes("ready", 2)
        github.asks("PUT", f"/pulls/{pull['number']}/merge", {"merge_method": "squash"})
        person.runs("monitor", "--once")
        person.sees(issue, "merged")
        found = person.asks("prune", "--remote")
        assert (found["removed"], found["remoteBranches"][0]["deleted"]) == ([issue], True)
        assert set(github.refs.heads()) == {"main"}
        refused = {(method, path.split("?")[0]) for method, path, status in github.log if status >= 500}
        assert not refused, refused
