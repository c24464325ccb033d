"""The rows of one file of a review: what stands on each line of the screen. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestra.core.records import Record
from orchestra.core.text import clean, clean_lines
from orchestra.git.patch import FilePatch, Hunk, Kind, PatchLine
from orchestra.ui.screens import code
from orchestra.ui.screens.paper import NORMAL, Span
from orchestra.ui.worker_table import fold
from orchestra.workers.review_drafts import Draft, ReviewFile

_USUAL = ("file mode 100644",)  # of a file that came or went: nothing to look at
LEAST_WORDS = 12  # columns of a comment


class Row(Record):
    """One line of the screen: a line of code, what is folded (`gap`: its lines of the new side), a comment, a note."""

    text: str = ""
    line: PatchLine | None = None
    place: tuple[int, int] = (-1, -1)  # of a line: its hunk, and where in it
    gap: tuple[int, int] = (0, 0)
    draft: str = ""
    outdated: bool = False


def title(file: ReviewFile) -> str:
    """`widgets/export.py`, with its old name where it has moved, and a word where it is not committed."""
    patch = file.patch
    name = clean(patch.path, 400)
    if patch.before:
        name = f"{clean(patch.before, 400)} \u2192 {name}"
    word = {Kind.ADDED: " (new)", Kind.DELETED: " (deleted)"}.get(patch.kind, "")
    return name + word + ("" if file.committed else " (not committed)")


def counts(patch: FilePatch) -> str:
    """`+15 -0`, or what it is instead of text."""
    return "binary" if patch.binary else f"+{patch.added} -{patch.removed}"


def rows(
    file: ReviewFile, placed: Mapping[int, Sequence[Draft]], lost: Sequence[Draft], opened: Mapping[int, Sequence[str]],
    columns: int,
) -> list[Row]:  # fmt: skip
    """All rows. `placed`: comments by the line of their side (the old side negative) that they end at; `lost`: those
    whose lines are gone; `opened`: unchanged lines that are shown, by the first of their gap.
    """
    patch = file.patch
    found = [Row(note) for note in map(clean, patch.notes) if not note.endswith(_USUAL)]
    if patch.binary:
        found.append(Row("a binary file: it is not shown"))
    elif not patch.hunks and not patch.notes:
        found.append(Row("an empty file"))
    end = 1
    for at, hunk in enumerate(patch.hunks):
        found += _gap(end, hunk, opened)
        if at or hunk.title:
            found.append(Row(f"@@ {clean(hunk.title)}".rstrip()))
        found += _hunk(at, hunk, placed, columns)
        end = hunk.new_end
    if patch.hunks and patch.kind not in (Kind.ADDED, Kind.DELETED):
        found += _rest(end, patch.hunks[-1], opened)
    for draft in lost:
        found += comment(draft, columns, outdated=True)
    return found


def _hunk(at: int, hunk: Hunk, placed: Mapping[int, Sequence[Draft]], columns: int) -> Iterator[Row]:
    """Each line, and below it the comments that end at it."""
    for place, line in enumerate(hunk.lines):
        yield Row(line=line, place=(at, place))
        if line.no_newline:
            yield Row("no newline at the end of the file")
        if placed:
            ends = [*(placed.get(line.new, ()) if line.new else ()), *(placed.get(-line.old, ()) if line.old else ())]
            for draft in ends:
                yield from comment(draft, columns)


def _gap(end: int, hunk: Hunk, opened: Mapping[int, Sequence[str]]) -> Iterator[Row]:
    """What lies between two hunks: one row, or its lines."""
    start = hunk.new if hunk.lines and any(line.sign != "-" for line in hunk.lines) else hunk.new + 1
    if start <= end:
        return
    if end in opened:
        yield from _unchanged(
            end, next((line.old - line.new for line in hunk.lines if line.old and line.new), 0), opened
        )
        return
    count = start - end
    yield Row(f"\u00b7\u00b7\u00b7 {count} unchanged line{'' if count == 1 else 's'} (Enter)", gap=(end, start))


def _rest(end: int, hunk: Hunk, opened: Mapping[int, Sequence[str]]) -> Iterator[Row]:
    """What comes behind the last hunk: how much that is, is known when it is asked for."""
    if end in opened:
        moved = sum((line.sign == "-") - (line.sign == "+") for line in hunk.lines) + hunk.old - hunk.new
        yield from _unchanged(end, moved, opened)
    else:
        yield Row("\u00b7\u00b7\u00b7 the rest of the file (Enter)", gap=(end, 0))


def _unchanged(end: int, moved: int, opened: Mapping[int, Sequence[str]]) -> Iterator[Row]:
    for number, text in enumerate(opened[end], end):
        yield Row(line=PatchLine(" ", text, max(0, number + moved), number))


def comment(draft: Draft, columns: int, *, outdated: bool = False) -> Iterator[Row]:
    """A comment below its line; with its quote where the line is gone."""
    if outdated:
        yield Row(f"outdated: {draft.where} is not in this diff any more", draft=draft.id, outdated=True)
        for line in draft.quote[:3]:
            yield Row(f"> {code.shown(line)}", draft=draft.id, outdated=True)
    first = "you: "
    for line in clean_lines(draft.words).split("\n"):
        for piece in fold(line, max(LEAST_WORDS, columns - len(first))):
            yield Row(first + piece, draft=draft.id, outdated=outdated)
            first = "     "


class Painted:
    """The code of a file as spans, made hunk by hunk when a line of it is shown."""

    def __init__(self, patch: FilePatch, *, colours: bool) -> None:
        self.patch = patch
        self._lexer = code.lexer_for(patch.path) if colours and patch.hunks else None
        self._hunks: dict[int, list[list[Span]]] = {}

    def spans(self, row: Row) -> list[Span]:
        """A row's code; one outside of any hunk is plain."""
        if row.line is None:
            return [Span(row.text)]
        at, place = row.place
        if at < 0:
            return [Span(code.shown(row.line.text))]
        hunk = self.patch.hunks[at]
        if len(hunk.lines) > code.MOST_LINES:  # too much to be read at once: this line alone
            return code.coloured([code.shown(row.line.text)], self._lexer)[0]
        if at not in self._hunks:
            self._hunks[at] = self._painted(hunk)
        return self._hunks[at][place]

    def _painted(self, hunk: Hunk) -> list[list[Span]]:
        texts = [code.shown(line.text) for line in hunk.lines]
        found: list[list[Span]] = [[] for _ in texts]
        for sign in "-+":  # each side is a piece of code by itself
            places = [at for at, line in enumerate(hunk.lines) if line.sign in (" ", sign)]
            for at, spans in zip(places, code.coloured([texts[at] for at in places], self._lexer), strict=True):
                found[at] = spans
        for old, new in _pairs(hunk.lines):
            mine, theirs = code.differing(texts[old], texts[new])
            found[old], found[new] = code.marked(found[old], mine), code.marked(found[new], theirs)
        return [spans or [Span("", NORMAL)] for spans in found]


def _pairs(lines: Sequence[PatchLine]) -> Iterator[tuple[int, int]]:
    """Lines that went and came in the same place: the first with the first."""
    at = 0
    while at < len(lines):
        gone = at
        while at < len(lines) and lines[at].sign == "-":
            at += 1
        came = at
        while at < len(lines) and lines[at].sign == "+":
            at += 1
        yield from zip(range(gone, came), range(came, at), strict=False)
        at += at == gone
