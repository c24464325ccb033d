"""The local tracker: good files read, bad files told about, none of them able to hide another or to hang."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.models import Issue
from orchestra.errors import OrchestraError
from orchestra.trackers.local import LocalTracker, _parse

pytestmark = pytest.mark.fast

GOOD = """---
title: "Add dark mode: everywhere"
state: open
labels: [ui, "2.0"]
author: ada
after: [7, "0012", "#3"]
---

# What

Text with --- inside
---
and a line of it.
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / ".orchestra" / "issues"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def tracker(tmp_path: Path) -> LocalTracker:
    return LocalTracker(tmp_path)


def write(directory: Path, name: str, front: str, body: str = "body") -> None:
    (directory / name).write_text(f"---\n{front}\n---\n{body}\n")


def test_an_issue_in_full(directory: Path, tracker: LocalTracker) -> None:
    (directory / "0042-add-dark-mode.md").write_text(GOOD)
    assert tracker.issue("42") == Issue(
        number="42",
        title="Add dark mode: everywhere",
        body="# What\n\nText with --- inside\n---\nand a line of it.",
        url="",
        author="ada",
        association="OWNER",
        state="open",
        labels=("ui", "2.0"),
        after=("7", "12", "3"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: t\n---",
        "---\ntitle: t\n---\n",
        "\ufeff---\r\ntitle: t\r\n---\r\n",
        "--- \ntitle: t\nlabels:\n--- \n",
    ],
    ids=["no newline", "least", "Windows", "spaces"],
)
def test_a_title_is_enough(directory: Path, tracker: LocalTracker, text: str) -> None:
    (directory / "1.md").write_bytes(text.encode())
    assert tracker.issue("1") == Issue("1", "t")


def test_open_issues_are_listed_by_number(directory: Path, tracker: LocalTracker) -> None:
    for name in ("10-ten.md", "0009-nine.md", "2.md"):
        write(directory, name, f"title: {name}")
    write(directory, "1-done.md", "title: done\nstate: closed")
    for name in ("README.md", "3-notes.txt", "0.md", "-4.md", "٣.md", "12345678901.md", "5.md~", "x6.md"):
        (directory / name).write_text("not an issue")
    assert [issue.number for issue in tracker.issues()] == ["2", "9", "10"]
    assert tracker.problems == ()
    assert tracker.issue("1").state == "closed"


@pytest.mark.parametrize("number", ["8", "", "0", "-1", "../7", "7\n", "\u0667", "0007"])
def test_no_such_issue(directory: Path, tracker: LocalTracker, number: str) -> None:
    write(directory, "7.md", "title: t")
    with pytest.raises(OrchestraError, match=r"issue .* does not exist in \.orchestra/issues") as error:
        tracker.issue(number)
    assert error.value.hint == "see: orchestra issues"


def test_no_directory(tracker: LocalTracker) -> None:
    assert tracker.issues() == ()
    with pytest.raises(OrchestraError, match="issue 1 does not exist"):
        tracker.issue("1")


def test_a_file_in_place_of_the_directory(tmp_path: Path, tracker: LocalTracker) -> None:
    (tmp_path / ".orchestra").mkdir()
    (tmp_path / ".orchestra" / "issues").write_text("")
    with pytest.raises(OrchestraError, match="cannot be read"):
        tracker.issues()


BAD = {
    "no front matter": ("# Dark mode", ":1: has no front matter"),
    "front matter without end": ("---\ntitle: t\n", ":1: has no front matter"),
    "empty": ("", ":1: has no front matter"),
    "empty front matter": ("---\n---\n", ":2: needs at least"),
    "a list": ("---\n- a\n---\n", ":2: needs at least"),
    "no title": ("---\nstate: open\n---\n", ":2: title is missing"),
    "empty title": ('---\ntitle: " "\n---\n', ":2: title: expected text that is not empty"),
    "title is a number": ("---\nstate: open\ntitle: 7\n---\n", ":3: title: expected text, got 7"),
    "title is a list": ("---\ntitle: [a]\n---\n", ":2: title: expected text, got a list"),
    "state": ("---\ntitle: t\nstate: done\n---\n", ':3: state: expected one of open, closed, got "done"'),
    "labels is text": ("---\ntitle: t\nlabels: ui\n---\n", ':3: labels: expected a list, got text "ui"'),
    "a label is a number": ("---\ntitle: t\nlabels:\n- a\n- 7\n---\n", ":5: labels[1]: expected text, got 7"),
    "after is a word": ("---\ntitle: t\nafter: [x]\n---\n", ":3: after[0]: expected an issue number"),
    "after is negative": ("---\ntitle: t\nafter: [-1]\n---\n", ":3: after[0]: expected an issue number"),
    "after is true": ("---\ntitle: t\nafter: [true]\n---\n", ":3: after[0]: expected an issue number"),
    "unknown key": ("---\ntitle: t\nlables: [a]\n---\n", ":3: lables: unknown key; did you mean labels?"),
    "key twice": ("---\ntitle: t\ntitle: u\n---\n", ":3: "),
    "alias": ("---\ntitle: &a t\nauthor: *a\n---\n", ":2: "),
    "tag": ("---\ntitle: !!python/object/apply:os.system [id]\n---\n", ":2: "),
    "not YAML": ("---\ntitle: t\n a: [\n---\n", ":"),
    "too long": ("---\ntitle: " + "x" * 70_000 + "\n---\n", ":2: longer than 64 KiB"),
    "too deep": ("---\ntitle: t\nlabels: " + "[" * 30 + "]" * 30 + "\n---\n", ":3: nested deeper"),
    "control character": ("---\ntitle: a\x1b[31m\n---\n", ":2: "),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_told_by_file_line_and_key_and_hides_no_other(
    directory: Path, tracker: LocalTracker, bad: str
) -> None:
    text, says = BAD[bad]
    (directory / "7-bad.md").write_text(text)
    write(directory, "8.md", "title: good")
    assert [issue.number for issue in tracker.issues()] == ["8"]
    assert len(tracker.problems) == 1
    assert tracker.problems[0].startswith(".orchestra/issues/7-bad.md" + says)
    with pytest.raises(OrchestraError) as error:
        tracker.issue("7")
    assert error.value.message == tracker.problems[0]


def test_hostile_entries_neither_hang_nor_leave_the_directory(
    directory: Path, tracker: LocalTracker, tmp_path: Path
) -> None:
    (tmp_path / "secret.md").write_text("---\ntitle: secret\n---\n")
    os.mkfifo(directory / "1.md")
    (directory / "2.md").mkdir()
    (directory / "3.md").symlink_to(tmp_path / "secret.md")
    (directory / "4.md").symlink_to("nowhere")
    (directory / "5.md").write_text("---\ntitle: t\n---\n" + "x" * 300_000)
    (directory / "6.md").write_bytes(b"---\ntitle: t\n---\n\xff")
    (directory / "7-\x1b[31m\n.md").write_text("")
    for name in ("8-one.md", "08-two.md"):
        write(directory, name, "title: twice")
    write(directory, "9.md", "title: good")
    assert [issue.number for issue in tracker.issues()] == ["9"]
    assert [problem.split("/issues")[1][:4] for problem in tracker.problems[:7]] == [f"/{n}.m" for n in range(1, 7)] + [
        "/7-["
    ]
    assert tracker.problems[7] == ".orchestra/issues: two files for issue 8: 08-two.md, 8-one.md"
    assert len(tracker.problems) == 8
    assert all(problem.isprintable() for problem in tracker.problems)
    with pytest.raises(OrchestraError, match="two files"):
        tracker.issue("8")


def test_problems_are_of_the_last_reading(directory: Path, tracker: LocalTracker) -> None:
    (directory / "1.md").write_text("bad")
    tracker.issues()
    write(directory, "1.md", "title: good")
    assert (len(tracker.issues()), tracker.problems) == (1, ())


@given(st.one_of(st.text(), st.text().map(lambda front: f"---\n{front}\n---\nbody"), st.text("-:[]{}&*!#\"'\n tile")))
def test_any_text_is_an_issue_or_one_sentence(text: str) -> None:
    told = ""
    try:
        told = "title " * bool(_parse("7", "7.md", text).title.strip())
    except OrchestraError as error:
        told = error.message
    assert told.startswith(("title ", "7.md:"))
