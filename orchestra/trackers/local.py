"""The local tracker: issues as Markdown files in `.orchestra/issues/`, for a project that needs no account."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence

from orchestra.config import nodes, yaml
from orchestra.core.blockers import Blocker, named_in
from orchestra.core.issue_query import found_in, terms_of
from orchestra.core.models import Issue
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean, is_id
from orchestra.errors import OrchestraError, UsageError
from orchestra.storage.files import names_in, read_text, write_atomic

DIRECTORY = os.path.join(".orchestra", "issues")
MOST_BYTES = 256 * 1024

_FILE = regex(r"0{0,9}(?P<number>[1-9][0-9]{0,9})(-.*)?\.md", re.ASCII | re.DOTALL)
_FRONT = regex(r"\ufeff?---[ \t]*\n(?P<front>.*?)^---[ \t]*(\n|\Z)(?P<body>.*)", re.DOTALL | re.MULTILINE)


_STATE = regex(r"^state:.*$", re.MULTILINE)


class LocalTracker:
    """The issues of the repository at `root`. Whoever can write there is trusted: every issue counts as its owner's."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.directory = os.path.join(root, DIRECTORY)
        self.problems: tuple[str, ...] = ()  # of the last `issues()`: one sentence for each file it left out

    def exists(self) -> bool:
        """Whether the repository keeps local issues."""
        return os.path.isdir(self.directory)

    def issue(self, number: str) -> Issue:
        """The issue `7`, open or closed; raises OrchestraError when there is none, or none that can be read."""
        names = self._files().get(number, [])
        if not names:
            raise OrchestraError(f"issue {clean(number, 20)} does not exist in {DIRECTORY}", "see: orchestra issues")
        if len(names) > 1:
            raise OrchestraError(_twice(number, names), "rename one of the files to another number")
        return self._read(number, names[0])

    def issues(self) -> tuple[Issue, ...]:
        """The open issues, by number. A file that cannot be read hides no other: it is in `problems`."""
        found, problems = [], []
        for number, names in sorted(self._files().items(), key=lambda item: int(item[0])):
            if len(names) > 1:
                problems.append(_twice(number, names))
                continue
            try:
                found.append(self._read(number, names[0]))
            except OrchestraError as problem:
                problems.append(problem.message)
        self.problems = tuple(problems)
        return tuple(issue for issue in found if issue.state == "open")

    def search(self, text: str) -> tuple[Issue, ...]:
        """The open issues that have every word, and `label:`, `milestone:`, `assignee:`, `author:` where given."""
        try:
            terms = terms_of(text)
        except ValueError as wrong:
            raise UsageError(
                f"--query: {clean(str(wrong), 200)}", "orchestra spawn --query 'price label:bug'"
            ) from None
        return tuple(one for one in self.issues() if found_in(one, terms))

    def blockers(self, issue: Issue) -> tuple[Blocker, ...]:
        """The open issues that must be done first, by `after:` or by the text; raises when `after:` names none."""
        found: dict[str, Blocker] = {}
        for number in issue.after:
            if number not in self._files():
                raise OrchestraError(
                    f"issue {issue.number} comes after issue {number}, which does not exist",
                    f"correct `after:` in {DIRECTORY}",
                )
            found[number] = Blocker(number, "after: in its file")
        for named in named_in(issue.body, ""):
            if named.number in self._files() and named.number != issue.number:
                found.setdefault(named.number, named)
        return tuple(one for one in found.values() if self.issue(one.number).state == "open")

    def numbers(self) -> list[int]:
        """The numbers that have a file, open or closed."""
        return sorted(map(int, self._files()))

    def add(self, number: int, title: str, body: str, labels: Sequence[str] = (), author: str = "") -> Issue:
        """Write a new issue; its number must be free, for which the caller holds a lock. Raises OrchestraError."""
        name = f"{number:04}-{_slug(title)}.md"
        front = {"title": title, "state": "open", "labels": list(labels), "author": author}
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items() if value != ""]
        text = "\n".join(["---", *lines, "---", body.strip("\n")]) + "\n"
        issue = _parse(str(number), name, text)  # what is written can be read
        try:
            os.makedirs(self.directory, exist_ok=True)
            write_atomic(os.path.join(self.directory, name), text, mode=0o644)
        except OSError as wrong:
            raise OrchestraError(
                f"{DIRECTORY} cannot be written: {wrong.strerror or wrong}", f"look: ls -ld {DIRECTORY}"
            ) from None
        return issue

    def close(self, number: str) -> bool:
        """Set an issue's state to closed, and nothing else in its file; False when it was closed already."""
        if self.issue(number).state == "closed":
            return False
        path = os.path.join(self.directory, self._files()[number][0])
        try:
            text = read_text(path, most=MOST_BYTES)
            parts = _FRONT.match(text.replace("\r\n", "\n"))
            front = parts["front"] if parts else ""
            changed, count = _STATE.subn("state: closed", front, count=1)
            changed = changed if count else f"{front.rstrip()}\nstate: closed\n"
            write_atomic(path, text.replace("\r\n", "\n").replace(front, changed, 1), mode=0o644)
        except OSError as wrong:
            raise OrchestraError(f"issue #{number} could not be closed: {wrong.strerror or wrong}") from None
        return True

    def _files(self) -> dict[str, list[str]]:
        """The names of the issue files, by number."""
        files: dict[str, list[str]] = {}
        try:
            names = names_in(self.directory)
        except OSError as wrong:
            raise OrchestraError(f"{DIRECTORY} cannot be read: {wrong.strerror}", f"look: ls -ld {DIRECTORY}") from None
        for name in names:
            match = _FILE.fullmatch(name)
            if match:
                files.setdefault(match["number"], []).append(name)
        return files

    def _read(self, number: str, name: str) -> Issue:
        shown = clean(os.path.join(DIRECTORY, name))
        try:
            text = read_text(os.path.join(self.directory, name), most=MOST_BYTES)
        except OSError as wrong:  # a FIFO, a link, a directory, a huge file
            raise UsageError(f"{shown}: cannot be read: {clean(wrong.strerror or str(wrong))}") from None
        if any("\udc80" <= char <= "\udcff" for char in text):
            raise UsageError(f"{shown}: not UTF-8 text")
        return _parse(number, shown, text.replace("\r\n", "\n"))


def _parse(number: str, name: str, text: str) -> Issue:
    """An issue from its file's text; errors name file, line and key."""
    parts = _FRONT.match(text)
    if parts is None:
        raise UsageError(f"{name}:1: has no front matter", "begin it with three lines: ---, title: WHAT IT IS, ---")
    front = nodes.root(yaml.parse(parts["front"], name, first_line=2))
    if not isinstance(front.value, dict):
        raise front.error("needs at least `title: WHAT IT IS`")
    found = _front(front)
    return Issue(
        number=number,
        title=found.title,
        body=parts["body"].strip("\n"),
        author=found.author,
        association="OWNER",
        state=found.state,
        labels=found.labels,
        after=found.after,
        milestone=found.milestone,
        assignees=found.assignees,
    )


class _Front(Record):
    """The front matter of an issue's file."""

    title: str
    state: str = "open"
    labels: tuple[str, ...] = ()
    author: str = ""
    after: tuple[str, ...] = ()
    milestone: str = ""
    assignees: tuple[str, ...] = ()


def _title(node: nodes.Node) -> str:
    title = nodes.text()(node).strip()
    if not title:
        raise node.expected("text that is not empty")
    return title


def _issue_number(node: nodes.Node) -> str:
    """`7`, `"#7"`, or `0007` as the file's name has it."""
    written = node.value if isinstance(node.value, str | int) and not isinstance(node.value, bool) else ""
    number = str(written).removeprefix("#").lstrip("0")
    if not is_id(number):
        raise node.expected("an issue number, such as 7")
    return number


_front = nodes.record(
    _Front,
    title=_title,
    state=nodes.default_for_null(nodes.choice("open", "closed"), "open"),
    labels=nodes.default_for_null(nodes.list_of(nodes.text()), ()),
    author=nodes.default_for_null(nodes.text(), ""),
    after=nodes.default_for_null(nodes.list_of(_issue_number), ()),
    milestone=nodes.default_for_null(nodes.text(), ""),
    assignees=nodes.default_for_null(nodes.list_of(nodes.text()), ()),
)


def _slug(title: str) -> str:
    """The title as part of a file's name: `round-prices-to-the-cent`."""
    words = re.sub(r"[^a-z0-9]+", "-", clean(title, 200).lower()).strip("-")
    return words[:40].rstrip("-") or "issue"


def _twice(number: str, names: list[str]) -> str:
    return f"{DIRECTORY}: two files for issue {number}: {clean(', '.join(names))}"
