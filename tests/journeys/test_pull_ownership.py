"""Who owns what of a pull request: title, text, commits, the issue that it closes. Nothing that others wrote is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.github_double import Double
from support.person import Person
from support.pull_acts import SHIPS, Git, pull_of, start, watch

from orchestra.processes import MARK

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


def worker_of(person: Person, number: str = "1") -> Person:
    """The agent's own command line, in its worktree."""
    found = person.asks("show", number)
    return Person(Path(found["worktreePath"]), {"ORCHESTRA_WORKER": number, MARK: found["nonce"]})


def test_what_people_write_in_a_pull_request_stays(github_repo: Path, github: Double, git: Git) -> None:
    person = start(github_repo, github, git, [SHIPS.format("a")], "verify: 'true'")
    worker, pull = worker_of(person), github.pulls()[0]
    assert (pull.title, "Closes #1" in str(pull.body)) == ("Change 1", True)
    title = "feat(export)!: add CSV export (ABC-12)"
    text = f"- [x] changelog\n\n{pull.body}\n\n## Summary by CodeRabbit\nNew things"
    github.edit(pull.number, title=title, body=text)

    tree = worker.where
    (tree / "b.txt").write_text("two\n")
    git("-C", tree, "add", ".")
    git("-C", tree, "commit", "-qm", "Two")
    worker.runs("worker", "ship")
    assert pull.title == title
    assert str(pull.body).startswith("- [x] changelog\n\n<!-- orchestra -->\n- One\n- Two\n")
    assert str(pull.body).endswith("## Summary by CodeRabbit\nNew things")

    said = worker.runs("worker", "ship", "--title", "Better title", "--body-file", "-", text="Better words.\n")
    assert "the title of PR #2 was written or edited by others, and stays as it is" in said.out
    assert pull.title == title
    assert "Better words." in str(pull.body)
    assert str(pull.body).count("Closes #1") == 1

    github.edit(pull.number, body=str(pull.body).replace("Better words.", "The user's own words."))
    said = worker.runs("worker", "ship", "--body-file", "-", text="Worse words.\n")
    assert "the text of PR #2 was written or edited by others" in said.out
    assert "The user's own words." in str(pull.body)
    assert "Worse" not in str(pull.body)
    assert not github.violations


def test_a_worker_may_amend_what_it_pushed_unless_others_pushed(github_repo: Path, github: Double, git: Git) -> None:
    person = start(github_repo, github, git, [SHIPS.format("a")])
    worker, pull = worker_of(person), github.pulls()[0]
    first = pull.sha
    start_of = git("-C", worker.where, "rev-parse", "HEAD~1")
    (worker.where / ".github").mkdir()
    (worker.where / ".github" / "dco.yml").write_text("require:\n  members: true\n")
    git("-C", worker.where, "add", ".")
    git("-C", worker.where, "commit", "-qm", "Ask for a sign-off")
    unsigned = worker.runs("worker", "ship", code=1).err
    assert "not signed off by their author, as .github/dco.yml asks: " in unsigned
    assert f"git rebase --signoff {start_of[:12]}" in unsigned
    assert pull.sha == first, "it is said before the push"
    git("-C", worker.where, "rebase", "-q", "--signoff", start_of[:12])
    worker.runs("worker", "ship")
    second = git("-C", worker.where, "rev-parse", "HEAD")
    assert pull.sha == second != first
    watch(person, 30)
    assert person.asks("show", "1")["state"] == "ready"

    theirs = github.refs.commit("issue-1", "rob.txt", "rob\n", parent="issue-1")  # type: ignore[attr-defined]
    git("-C", worker.where, "commit", "-q", "--amend", "--signoff", "-m", "One, again")
    refused = worker.runs("worker", "ship", code=1)
    assert "has commits on issue-1 that are not here" in refused.err
    assert "git merge origin/issue-1" in refused.err
    assert github.refs.heads()["issue-1"] == theirs


def test_a_new_pull_request_is_dressed_as_the_configuration_says(github_repo: Path, github: Double, git: Git) -> None:
    (github_repo / ".github").mkdir()
    (github_repo / ".github" / "PULL_REQUEST_TEMPLATE.md").write_text("## Checklist\n- [ ] tests\n")
    config = "pull_request: {draft: true, labels: [robot], reviewers: [rob, acme/core], assign: true}"
    person = start(github_repo, github, git, [SHIPS.format("a"), SHIPS.format("b")], config)
    pull = github.pull(pull_of(github, 1))
    assert (pull.draft, pull.labels, pull.requested) == (True, ["robot"], ["rob"])
    assert str(pull.body).startswith("## Checklist\n- [ ] tests\n\n<!-- orchestra -->")
    assert github.ticket(1).assignees == ["ann"]
    assert github.asked("POST", "/requested_reviewers")

    github.edit(2, assignees=["sue"])
    person.runs("cancel", "2")
    assert "issue #2 is assigned to sue" in person.runs("spawn", "2").out
    git("-C", github_repo, "branch", "next", "main")  # the remote has none, or another name for it by now
    github.add_issue(number=70, title="Later", body=SHIPS.format("c"))
    said = person.runs("spawn", "70", "--base", "next", "--no-wait")
    assert "next could not be fetched; its last commit here is" in said.out
    assert "next could not be fetched" in person.runs("show", "70").out


def test_what_a_change_answers_is_resolved_and_its_reviewer_asked_again(
    github_repo: Path, github: Double, git: Git
) -> None:
    person = start(github_repo, github, git, [SHIPS.format("a")])
    worker, pull = worker_of(person), github.pulls()[0]
    for author, association in (("coderabbitai[bot]", "NONE"), ("rob", "MEMBER")):
        github.review_comment(pull.number, "a.txt", 1, f"Please rename this, says {author}.", author, association)
    github.review(pull.number, "CHANGES_REQUESTED", "Two things.", "rob", "MEMBER")
    person.runs("monitor", "--once")
    (worker.where / "b.txt").write_text("two\n")
    git("-C", worker.where, "add", ".")
    git("-C", worker.where, "commit", "-qm", "Rename")
    worker.runs("worker", "ship")
    assert pull.requested == ["rob"]
    watch(person, 30)
    assert [one.resolved for one in pull.threads] == [True, False], "the thread of a human reviewer stays open for them"
    found = person.asks("show", "1")
    assert (found["state"], len(found["guidance"])) == ("ready", 1)
    assert "1 thread open for you" in found["stateReason"]


def test_the_issue_is_closed_by_its_own_number(github_repo: Path, github: Double, git: Git) -> None:
    table = [("Closes #12 first.", False), ("Fixes acme/widgets#2.", True), ("Closes other/widgets#3.", False)]
    person = start(github_repo, github, git, [SHIPS.format(name) for name in "abc"])
    for number, (words, kept) in enumerate(table, 1):
        worker_of(person, str(number)).runs("worker", "ship", "--body-file", "-", text=words)
        body = str(github.pull(pull_of(github, number)).body)
        assert words in body
        assert (f"\nCloses #{number}\n" in body) is not kept


def test_the_end_of_a_worker_and_of_its_pull_request(github_repo: Path, github: Double, git: Git) -> None:
    person = start(github_repo, github, git, [SHIPS.format(name) for name in "abcd"])
    one, two, three, four = (pull_of(github, worker) for worker in (1, 2, 3, 4))
    said = person.runs("cancel", "1")
    assert f"PR #{one} stays open on GitHub: orchestra cancel 1 --close-pr closes it" in said.out
    assert f"PR #{one} is closed" in person.runs("cancel", "1", "--close-pr").out
    assert f"PR #{two} is closed" in person.runs("cancel", "2", "--close-pr").out
    assert (github.pull(one).state, github.pull(two).state) == ("closed", "closed")
    assert person.status("2") == "cancelled"
    assert "has no open pull request" in person.runs("cancel", "1", "--close-pr", code=1).err

    github.refs.commit("main", "else.txt", "else\n", parent="main")  # type: ignore[attr-defined]
    github.update_branch(three)  # the button; nobody looks before the merge
    github.merge(three, "squash")
    github.delete_branch("issue-3")
    person.runs("monitor", "--once")
    person.sees("3", "merged", 10)
    git("-C", github_repo, "fetch", "-qp")
    found = person.asks("prune")
    assert (found["removed"], found["remoteBranches"]) == (["1", "2", "3"], [])

    git("-C", github_repo, "push", "-q", "origin", "main:next")
    github.edit(four, base="next")
    github.merge(four, "squash")
    person.runs("monitor", "--once")
    reaches = "merged into next: GitHub closes the issue only when the work reaches main"
    assert person.asks("show", "4")["stateReason"] == reaches
    assert github.ticket(4).state == "open"
    offered = person.runs("prune", "--dry-run").out
    assert "#4 merged, and still there: issue-4 on origin; `orchestra prune --remote` deletes it, too" in offered
    assert "#4 deleted: issue-4 on origin" in person.runs("prune", "--remote").out
    assert "issue-4" not in github.refs.heads()
