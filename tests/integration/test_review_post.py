"""A review on GitHub from the screen and by command: what is posted, what refuses it, and what is kept then."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.boards import record, settled
from support.github_double import Double
from support.person import configure

from orchestra.commands import merge, review
from orchestra.core import events
from orchestra.core.pull_request import Checks, Pull
from orchestra.errors import OrchestraError
from orchestra.git.worktrees import READY
from orchestra.github.pull_actions import PullActions
from orchestra.ui.console import Console
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.review import ReviewView
from orchestra.ui.screens.verbs import Place
from orchestra.workers import review_drafts

Git = Callable[..., str]


class Shipped:
    """Worker 7 with pull request `number`, which `author` has opened, and two kept comments."""

    def __init__(self, repo: Path, tree: Path, github: Double, git: Git) -> None:
        configure(repo, "agent: scripted")
        git("-C", repo, "worktree", "add", "-q", "-b", "issue-7", tree)
        (repo / ".git" / "worktrees" / tree.name / READY).touch()
        self.tree, self.git, self.github = tree, git, github
        base = git("-C", repo, "rev-parse", "HEAD")
        (tree / "dark.css").write_text("a {}\nb {}\n")
        (tree / "night.css").write_text("c {}\n")
        self.push()
        self.number = github.add_pull("issue-7", "main", "Dark mode", "", "rob")
        self.console = Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)
        record(self.console, 7, "Dark mode", worktree=str(tree), baseCommit=base)
        pull = Pull(self.number, "open", self.head, Checks.NONE, observed_at="2026-01-01T00:00:00Z")
        shipped = events.shipped("worker", pull, f"https://github.com/acme/widgets/pull/{self.number}")
        self.console.project.store.record("7", shipped)
        review.add(self.console.project, "7", "dark.css:1-2", "why two?")
        review.add(self.console.project, "7", "night.css:1", "and this?")

    @property
    def head(self) -> str:
        return self.git("-C", self.tree, "rev-parse", "HEAD")

    def push(self) -> None:
        self.git("-C", self.tree, "add", "-A")
        self.git("-C", self.tree, "commit", "-qm", "work")
        self.git("-C", self.tree, "push", "-q", "origin", "issue-7")

    def post(self, event: str = "approve", words: str = "") -> str:
        return review.post(self.console.project, "7", self.head, event, words)

    def kept(self) -> list[str]:
        return [one.words for one in review_drafts.load(self.console.project.store, "7").comments]


@pytest.fixture
def shipped(github_repo: Path, tmp_path: Path, github: Double, git: Git) -> Shipped:
    return Shipped(github_repo, tmp_path / "tree", github, git)


def test_a_review_has_its_comments_beside_their_lines(shipped: Shipped) -> None:
    assert (
        shipped.post("changes", "Please look.") == f"requested changes of #{shipped.number} on GitHub, with 2 comments"
    )
    (one,) = shipped.github.pull(shipped.number).reviews
    assert (one.state, one.body, one.commit) == ("CHANGES_REQUESTED", "Please look.", shipped.head)
    places = [(one.path, one.start_line, one.line) for one in shipped.github.pull(shipped.number).threads]
    assert places == [("dark.css", 1, 2), ("night.css", None, 1)]
    assert shipped.kept() == []


def test_a_line_that_github_has_no_place_for_goes_into_the_text(shipped: Shipped) -> None:
    shipped.github.outside.add("night.css")
    shipped.post("comment", "Please look.")
    (one,) = shipped.github.pull(shipped.number).reviews
    for words in ("Please look.", "dark.css, lines 1 to 2:", "> a {}", "why two?", "night.css, line 1:", "and this?"):
        assert words in one.body
    assert shipped.kept() == []


def another_head(at: Shipped) -> None:
    """Pushed by another one since the last poll."""
    at.git("-C", at.tree, "commit", "-q", "--allow-empty", "-m", "of another one")
    at.git("-C", at.tree, "push", "-q", "origin", "issue-7")
    at.git("-C", at.tree, "reset", "-q", "--hard", "HEAD^")


def own(at: Shipped) -> None:
    at.github.pull(at.number).author = "ann"


def closed(at: Shipped) -> None:
    at.github.close(at.number)


def fault(kind: str) -> Callable[[Shipped], None]:
    return lambda at: at.github.fault(kind, "/reviews", "POST")


def no_network(at: Shipped) -> None:
    at.console.environ = {**at.console.environ, "GITHUB_API_URL": "http://127.0.0.1:9"}
    at.console = at.console.moved(at.console.project.root)


REFUSED = [
    (another_head, "and GitHub is at"),
    (own, "Can not approve your own pull request"),
    (closed, "is closed"),
    (fault("403"), "does not allow this token"),
    (fault("reset connection"), "it is not known whether the review of #"),
    (fault("502"), "it is not known whether the review of #"),
    (fault("200 html"), "it is not known whether the review of #"),
    (no_network, "cannot be reached"),
]


@pytest.mark.parametrize(("spoil", "sentence"), REFUSED, ids=[words[:30] for _, words in REFUSED])
def test_what_refuses_a_review_keeps_its_comments(
    shipped: Shipped, spoil: Callable[[Shipped], None], sentence: str
) -> None:
    spoil(shipped)
    with pytest.raises(OrchestraError) as refused:
        shipped.post()
    assert sentence in refused.value.message
    assert refused.value.hint
    assert shipped.kept() == ["why two?", "and this?"]
    assert shipped.github.pull(shipped.number).reviews == []


def test_a_draft_may_be_approved_and_a_comment_changed_meanwhile_is_kept(
    shipped: Shipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped.github.edit(shipped.number, draft=True)
    whole = PullActions.review

    def slow(*args: object, **options: object) -> None:
        store = shipped.console.project.store
        first = review_drafts.load(store, "7").comments[0]
        review_drafts.put(store, "7", first._replace(words="changed meanwhile"))
        whole(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PullActions, "review", slow)
    assert shipped.post().startswith("approved")
    assert shipped.kept() == ["changed meanwhile"]


def test_keys_pressed_twice_post_and_merge_once(shipped: Shipped, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.ui.screens.base.GUARD_SECONDS", 0.0)
    go_on = threading.Event()
    for name in ("review", "merge"):
        whole = getattr(PullActions, name)
        monkeypatch.setattr(
            PullActions, name, lambda *args, whole=whole, **more: (go_on.wait(30), whole(*args, **more))[1]
        )

    async def twice(pilot: object, done: str, *keys: str) -> None:
        go_on.clear()
        for _ in range(2):
            await pilot.press(keys[0])  # type: ignore[attr-defined]
            await settled(pilot, "y yes")
            await pilot.press("y")  # type: ignore[attr-defined]
        await settled(pilot, "still at it")
        go_on.set()
        await settled(pilot, done)

    async def run() -> None:
        app = Orchestra(shipped.console, lambda: ReviewView("7"), Place(worker="7"))
        async with app.run_test(size=(110, 30)) as pilot:
            await settled(pilot, "why two?")
            await twice(pilot, f"approved #{shipped.number}", "A")
            await twice(pilot, "is merged by", "m")

    asyncio.run(run())
    assert len(shipped.github.asked("POST", "/reviews")) == 1
    assert len(shipped.github.asked("PUT", "/merge")) == 1


def test_two_terminals_send_the_comments_once(shipped: Shipped, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def post() -> None:
        try:
            said.append(shipped.post("comment"))
        except OrchestraError as wrong:
            said.append(wrong.message)

    both = [threading.Thread(target=post) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(said) == [f"commented on #{shipped.number} on GitHub, with 2 comments", "there is nothing to post"]
    assert len(shipped.github.pull(shipped.number).reviews) == 1


def test_a_merge_says_that_the_branch_here_is_another_one(shipped: Shipped) -> None:
    shipped.git("-C", shipped.tree, "commit", "-q", "--allow-empty", "-m", "not pushed")
    lines = merge.plan(shipped.console.project, "7").lines
    assert f"and the branch here at {shipped.head[:8]}: GitHub's is merged" in lines[1]


def test_a_merge_without_an_answer_is_not_said_to_have_failed(shipped: Shipped) -> None:
    wanted = merge.plan(shipped.console.project, "7")
    shipped.github.fault("reset connection", "/merge", "PUT")
    with pytest.raises(OrchestraError, match="it is not known whether #"):
        merge.merge(shipped.console.project, wanted)
