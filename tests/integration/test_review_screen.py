"""The review screen under Textual's pilot, on real diffs of git: what is shown, kept and sent."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.boards import drawn, record, settled
from support.person import configure
from textual import events

from orchestra.git.worktrees import READY
from orchestra.ui.console import Console
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.base import GUARD_SECONDS
from orchestra.ui.screens.review import ReviewView
from orchestra.ui.screens.verbs import Place, Verbs
from orchestra.workers import review_drafts

Git = Callable[..., str]
Story = Callable[[Any], Awaitable[None]]
BEFORE = "".join(f"line {number}\n" for number in range(1, 41))


class Change:
    """Worker 1 with a worktree of its own."""

    def __init__(self, repo: Path, tree: Path, git: Git) -> None:
        self.tree, self.git = tree, git
        configure(repo)
        (repo / "a.py").write_text(BEFORE)
        (repo / "old name.txt").write_text(BEFORE)
        (repo / "gone.txt").write_text("gone\n")
        git("-C", repo, "add", ".")
        git("-C", repo, "commit", "-qm", "before")
        git("-C", repo, "worktree", "add", "-q", "-b", "issue-1", tree)
        (repo / ".git" / "worktrees" / tree.name / READY).touch()
        self.console = Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)
        base = git("-C", repo, "rev-parse", "HEAD").strip()
        record(self.console, 1, "Export the catalogue", worktree=str(tree), baseCommit=base)

    def commit(self, **files: str) -> None:
        for name, text in files.items():
            (self.tree / name.replace("__", ".")).write_text(text)
        self.git("-C", self.tree, "add", "-A")
        self.git("-C", self.tree, "commit", "-qm", "work")

    def drafts(self) -> tuple[review_drafts.Draft, ...]:
        return review_drafts.load(self.console.project.store, "1").comments

    def told(self, story: Story, size: tuple[int, int] = (110, 30), environ: Mapping[str, str] | None = None) -> None:
        async def run() -> None:
            self.console.environ = {**self.console.environ, **(environ or {})}
            app = Orchestra(self.console, lambda: ReviewView("1"), Place(worker="1"))
            async with app.run_test(size=size) as pilot:
                await story(pilot)

        asyncio.run(run())


@pytest.fixture
def change(repo: Path, tmp_path: Path, git: Git) -> Change:
    return Change(repo, tmp_path / "tree", git)


async def typed(pilot: Any, words: str) -> None:
    await pilot.press(*("space" if letter == " " else letter for letter in words))


def test_a_key_during_a_read_leads_to_another_read(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    change.commit(a__py=BEFORE.replace("line 20\n", "line 20 is new\n"))
    reading, go_on = threading.Event(), threading.Event()
    whole = Verbs.review

    def slow(*args: Any, **options: Any) -> Any:
        found = whole(*args, **options)
        reading.set()
        assert go_on.wait(30)
        return found

    async def story(pilot: Any) -> None:
        monkeypatch.setattr(Verbs, "review", slow)
        await pilot.press("r")
        assert await asyncio.to_thread(reading.wait, 30)
        change.commit(a__py=BEFORE.replace("line 20\n", "line 20 is newer\n"))
        await pilot.press("r")
        go_on.set()
        await settled(pilot, "line 20 is newer")

    async def first(pilot: Any) -> None:
        await settled(pilot, "line 20 is new")
        monkeypatch.setattr("orchestra.ui.screens.review_pane.LOOK_AGAIN", 999.0)  # it does not look by itself
        await story(pilot)

    change.told(first)


def test_a_cursor_on_what_is_no_code_stays_there_when_the_change_is_read_again(change: Change) -> None:
    change.commit(a__py=BEFORE.replace("line 20\n", "line 20 is new\n"))

    async def story(pilot: Any) -> None:
        await settled(pilot, "line 20 is new")
        await pilot.press("slash")
        await typed(pilot, "is new")
        await pilot.press("enter", "c")
        await typed(pilot, "why?")
        await pilot.press("enter", "G")
        view = pilot.app.screen
        for place in (len(view.rows) - 1, 0, next(at for at, row in enumerate(view.rows) if row.draft)):
            assert view.rows[place].line is None
            view.cursor = place
            await pilot.press("r")
            await settled(pilot, "why?")
            await eventually_read(view)
            assert view.cursor == place
            view.cursor = view.range_from = place
            change.commit(other__py=f"{place}\n")
            await pilot.press("r")
            await eventually_read(view)
            assert (view.cursor, view.range_from) == (place, place)
            view.range_from = None

    change.told(story)


async def eventually_read(view: Any) -> None:
    for _ in range(400):
        await asyncio.sleep(0.02)
        if not view._busy:
            return
    pytest.fail("the change is not read")


def test_a_comment_is_kept_at_once_moves_with_its_line_and_says_when_it_is_gone(change: Change) -> None:
    change.commit(a__py=BEFORE.replace("line 20\n", "line 20 is new\n"))

    async def write(pilot: Any) -> None:
        await settled(pilot, "line 20 is new")
        await pilot.press("slash")
        await typed(pilot, "is new")
        await pilot.press("enter", "c")
        await typed(pilot, "why")
        await pilot.press("enter")
        assert "you: why" in await settled(pilot, "1 comment")
        assert [one.words for one in change.drafts()] == ["why"]
        await pilot.press("c")
        await typed(pilot, " not")
        await pilot.press("escape")  # what was typed is kept
        await settled(pilot, "you: why not")
        await pilot.press("q")

    change.told(write)
    change.commit(a__py="first\n" + BEFORE.replace("line 20\n", "line 20 is new\n"))

    async def read(pilot: Any) -> None:
        text = await settled(pilot, "you: why not")
        lines = text.split("\n")
        at = next(place for place, line in enumerate(lines) if "you: why not" in line)
        assert "21 + line 20 is new" in lines[at - 1]
        await pilot.press("i")
        text = await settled(pilot, "only what is new")
        assert "+1 -0" in text
        await pilot.press("i")
        await settled(pilot, "you: why not")
        change.commit(a__py="first\n" + BEFORE)
        await pilot.press("r")  # no session file tells of this commit, as an agent's would
        text = await settled(pilot, "outdated: line 20")
        assert "> line 20 is new" in text

    change.told(read)


def test_the_comments_reach_the_worker_as_one_message_with_file_line_and_quote(change: Change) -> None:
    change.commit(a__py=BEFORE.replace("line 2\n", "second\n").replace("line 30\n", ""))

    async def story(pilot: Any) -> None:
        await settled(pilot, "second")
        await pilot.press("S")
        await settled(pilot, "no comment to send")
        await pilot.press("slash", *"second", "enter", "c", *"one", "enter")
        await pilot.press("slash")
        await typed(pilot, "line 30")
        await pilot.press("enter", "v", "c", *"two", "enter")
        await settled(pilot, "S send 2")
        await pilot.press("S")
        await settled(pilot, "queued")
        assert "comment" not in drawn(pilot.app).split("\n")[0]

    change.told(story)
    worker = change.console.project.store.read("1")
    assert worker is not None
    assert change.drafts() == ()
    text = worker.guidance[-1].text
    assert text.startswith("Review of your change for #1: 2 comments.")
    assert "1. a.py, line 2:\n> second\none\n\n2. a.py, line 30 (removed):\n> line 30\ntwo" in text


HOSTILE = {
    "\u65e5\u672c\u8a9e \x1b]0;x\x07.txt": "\x1b[31mred\x1b[0m \u4fa1\u683c\u3092\u4e38\u3081\u308b\n" * 3,
    "long.txt": "x" * 5000 + "\n",
    "bytes.bin": "\0\1\2",
    "cr.txt": "one\r\ntwo\rthree\n",
    "tabs.mk": "a:\n\tb\tc\n",
    "[red]#(touch canary)": "#(touch canary) [bold]x[/]\n",
    "empty": "",
}


@pytest.mark.parametrize("size", [(200, 60), (110, 30), (80, 24), (60, 15), (20, 6), (8, 3)])
@pytest.mark.parametrize("committed", [True, False])
def test_a_hostile_diff_is_drawn_within_its_lines_at_every_size(
    change: Change, size: tuple[int, int], committed: bool
) -> None:
    for name, text in HOSTILE.items():
        (change.tree / name).write_bytes(text.encode() + (b"\xff\xfe\n" if name == "tabs.mk" else b""))
    os.symlink("/etc/passwd", change.tree / "link")
    os.rename(change.tree / "old name.txt", change.tree / "new name.txt")
    (change.tree / "gone.txt").unlink()
    (change.tree / "a.py").chmod(0o755)
    if committed:
        change.commit()

    async def story(pilot: Any) -> None:
        view = pilot.app.screen
        for _ in range(200):
            await pilot.pause(0.02)
            if view.files:
                break
        kinds = {one.patch.kind.value for one in view.files}
        assert {"added", "deleted", "renamed" if committed else "added"} <= kinds
        for place in range(len(view.files)):
            view.show_file(place)
            view.repaint()
            await pilot.pause(0)
            text = drawn(pilot.app)
            assert [cell_len(line) for line in text.split("\n")] == [size[0]] * size[1], view.files[place]
            assert "\x1b" not in text
            assert "\x07" not in text
            assert "root:" not in text, "a link is not followed"
        await pilot.resize_terminal(33, 9)
        await pilot.pause(0.1)
        assert [cell_len(line) for line in drawn(pilot.app).split("\n")] == [33] * 9

    change.told(story, size)
    assert not list(change.tree.rglob("canary"))


def test_a_huge_diff_opens_and_moves_at_once(change: Change) -> None:
    change.commit(big__txt="".join(f"{number} {'x' * 60}\n" for number in range(100_000)))

    async def story(pilot: Any) -> None:
        await settled(pilot, "100000")
        begun = time.monotonic()
        await pilot.press("G")
        await settled(pilot, "99999 x")
        assert time.monotonic() - begun < 2
        await pilot.press("g", "c", *"big", "enter")
        await settled(pilot, "you: big")

    change.told(story)


def test_what_is_not_committed_stands_apart_and_unchanged_lines_open(change: Change) -> None:
    change.commit(a__py=BEFORE.replace("line 20\n", "new\n"))
    (change.tree / "loose.txt").write_text("loose\n")

    async def story(pilot: Any) -> None:
        text = await settled(pilot, "*loose.txt")
        assert "16 unchanged lines" in text
        await pilot.press("g", "enter")
        text = await settled(pilot, "   7   line 7")
        assert "16 unchanged" not in text
        await pilot.press("right_square_bracket")
        await settled(pilot, "loose.txt (new) (not committed)")

    change.told(story)


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"NO_COLOR": "1"}, {"TERM": "linux"}])
def test_without_utf_8_or_colours_everything_is_still_told_apart(change: Change, environ: dict[str, str]) -> None:
    change.commit(a__py=BEFORE.replace("line 20\n", "new\n"))

    async def story(pilot: Any) -> None:
        text = await settled(pilot, "20 - line 20")
        assert "20 + new" in text
        if "LC_ALL" in environ:
            assert text.isascii()
        else:
            styles = [s.style for strip in pilot.app.screen._compositor.render_strips() for s in strip if s.style]
            assert not [style for style in styles if style.color and not style.color.is_default]

    change.told(story, environ=environ)


def test_a_merge_is_asked_and_enter_or_a_key_in_the_same_breath_is_no(change: Change) -> None:
    change.commit(b__py="x\n")

    async def story(pilot: Any) -> None:
        await settled(pilot, "+ x")
        view = pilot.app.screen
        done: list[str] = []
        view.ask(["merge #1"], lambda: done.append("yes"))
        await pilot.press("y")
        await settled(pilot, "y yes   n no")
        await pilot.pause(GUARD_SECONDS)
        await pilot.press("enter")
        await settled(pilot, "left as it is")
        view.ask(["merge #1"], lambda: done.append("yes"))
        await pilot.pause(GUARD_SECONDS)
        await pilot.press("y")
        assert done == ["yes"]
        await pilot.press("m")
        await settled(pilot, "#1 has not shipped")

    change.told(story)


def test_a_worker_that_disappears_under_it_is_said_and_its_comments_stay(change: Change) -> None:
    change.commit(b__py="x\n")

    async def story(pilot: Any) -> None:
        await settled(pilot, "+ x")
        await pilot.press("c", *"stay", "enter")
        await settled(pilot, "you: stay")
        change.git("-C", change.console.project.root, "worktree", "remove", "--force", change.tree)
        change.git("-C", change.console.project.root, "branch", "-qD", "issue-1")
        await pilot.press("r")
        await settled(pilot, "neither a worktree nor a branch")
        await pilot.press("q")

    change.told(story)
    assert [one.words for one in change.drafts()] == ["stay"]


def test_words_that_come_faster_than_their_field_do_not_act_as_keys(change: Change) -> None:
    change.commit(a__py=BEFORE.replace("line 2\n", "second\n"))

    async def story(pilot: Any) -> None:
        await settled(pilot, "second")
        for letter in "/Squeal":  # all at once, as from a slow line; S sends, q closes
            pilot.app.post_message(events.Key("slash" if letter == "/" else letter, letter))
        await settled(pilot, "│ Squeal")
        await pilot.press("enter")
        text = await settled(pilot, "second")
        assert "no comment to send" not in text

    change.told(story)
