"""What a worker has changed, file by file: comments on lines, sent to the worker or to GitHub; approve; merge."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from orchestra.errors import OrchestraError
from orchestra.ui.editor import editor_argv, run_editor
from orchestra.ui.screens import merging
from orchestra.ui.screens.review_pane import ReviewPane
from orchestra.ui.screens.verbs import Outcome
from orchestra.ui.screens.writing import SENDS
from orchestra.workers import review_drafts
from orchestra.workers.review_drafts import Draft, Drafts

EVENTS = {"c": "comment", "a": "approve", "r": "changes"}
KEYS = [
    ("Move", [
        ("j k, arrows", "line by line; on to the next file at the end"), ("Ctrl-D Ctrl-U", "half a page"),
        ("] [", "next file, the one before"), ("Tab", "the list of files, and back"), ("g G", "first line, last line"),
        ("Right Left", "long lines"), ("/ n N", "search in all files; next; the one before"),
    ]),
    ("Look", [
        ("Enter", "show what is folded; on a comment: edit it"), ("w", "ignore white space, or not"),
        ("i", "only what changed since you last looked"), ("b", "its pull request in the browser"),
        ("e", "this line in your editor"),
    ]),
    ("Say", [
        ("c", "comment on this line, or on the range"), ("v", "begin a range of lines"), ("x", "delete the comment"),
        ("S", "send all comments to the worker"), ("P", "post them as one review on GitHub"),
        ("A", "approve on GitHub"), ("m", "merge"),
    ]),
    ("Leave", [("Esc q", "back; comments that are not sent are kept")]),
]  # fmt: skip


class ReviewView(ReviewPane):
    """One worker's change, and what the user says of it; `merge`: that is asked first."""

    def __init__(self, worker: str, *, merge: bool = False) -> None:
        super().__init__(worker)
        self.merges_first = merge

    def begin(self) -> None:
        """Read the change; ask about the merge, where that is what the key is for."""
        super().begin()
        if self.merges_first:
            self.merge()

    def hint(self) -> str:
        """The keys that work now."""
        if self.posting:
            return "post on GitHub:  c comment  a approve  r request changes  Esc back"
        if self.typing == "search":
            return "Enter searches   Esc back"
        if self.typing:
            return SENDS.replace("sends", "keeps it" if self.typing == "comment" else "posts it")
        count = len(self.drafts.comments)
        send = f"S send {count}  " if count else ""
        return f"j/k line  v range  c comment  ]/[ file  {send}A approve  m merge  ? all keys"

    def keys_here(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The keys of this screen."""
        return KEYS

    # --- keys ---

    def closes(self, key: str, action: str) -> bool:
        """Esc and back; also the key of the review, wherever it was opened."""
        return action == "diff" or super().closes(key, action)

    def close(self, outcome: Outcome | None = None) -> None:
        """Comments that are not sent are kept; what was seen is not new the next time."""
        if self.seen is not None and self.seen.head:
            review_drafts.looked_at(self.home.project.store, self.worker, self.seen.head)
        count = len(self.drafts.comments)
        kept = f"#{self.worker}: {count} comment{'' if count == 1 else 's'} kept, not sent" if count else ""
        kept = f"#{self.worker}: what was sent last has no answer yet" if self.sending else kept
        super().close(outcome or Outcome(said=kept))

    def press(self, key: str, action: str) -> None:
        """Move, comment, send, leave."""
        if self.posting:
            self.posting = False
            if key in EVENTS:
                self.open_field(EVENTS[key])
            return
        acts: dict[str, Callable[[], None]] = {
            "]": partial(self.turn, 1), "[": partial(self.turn, -1), "tab": self._other_side, "c": self.comment,
            "v": self._mark, "x": self.delete, "delete": self.delete, "enter": self._enter, "w": self._space,
            "i": self._new_only, "S": self.send_all, "P": self._post, "A": self.approve, "m": self.merge,
            "b": self._browser, "e": self.edit_line, "slash": self._search, "/": self._search, "r": self.read,
            "n": partial(self.find, 1), "N": partial(self.find, -1),
        }  # fmt: skip
        if key in acts:
            acts[key]()
        elif not self.move(key):
            super().press(key, action)

    def _mark(self) -> None:
        self.range_from = self.cursor if self.range_from is None else None

    def _space(self) -> None:
        self.ignore_space = not self.ignore_space
        self.read()

    def _new_only(self) -> None:
        if not self.last_look:
            self.say("you have not looked at this change before: all of it is new")
            return
        self.only_new = not self.only_new
        self.at, self.from_top = 0, True
        self.read()

    # --- comments ---

    def comment(self) -> None:
        """Write a comment on the line or the range under the cursor, or edit the one that is there."""
        row = self._line()
        if row is not None and row.line and self.range_from is None and self.cursor + 1 < len(self.rows):
            row = self.rows[self.cursor + 1] if self.rows[self.cursor + 1].draft else row  # the one on this line
        if row is not None and row.draft:
            self.target = next((one for one in self.drafts.comments if one.id == row.draft), None)
        else:
            self.target = self._new_target()
        if self.target is None:
            self.say("a comment is made on a line of the diff: put the cursor on one", alarm=True)
            return
        self.open_field("comment", self.target.words)

    def _new_target(self) -> Draft | None:
        row, file = self._line(), self.file
        if row is None or file is None or row.line is None or row.place[0] < 0:
            return None
        first, last = sorted((self.cursor if self.range_from is None else self.range_from, self.cursor))
        chosen = [one.line for one in self.rows[first : last + 1] if one.line and one.place[0] == row.place[0]]
        old = all(line.sign == "-" for line in chosen)
        lines = [line for line in chosen if (line.old if old else line.new)]
        start = lines[0].old if old else lines[0].new
        before, after = review_drafts.around(file.patch, start, len(lines), old=old)
        quote = review_drafts.quoted([line.text for line in lines])
        return Draft(review_drafts.new_id(), file.patch.path, start, quote, "", old, file.committed, before, after)

    def send(self) -> None:
        """What was typed: a comment is kept, words are searched, a review is posted."""
        words, what = self.field.text.strip(), self.typing
        self.close_field()
        if what == "search":
            self.wanted = words or self.wanted  # Enter alone: the same again
            self.find(1)
        elif what == "comment" and self.target is not None:
            self._keep(self.target, words)
        elif what in EVENTS.values():
            self._act(partial(self.home.verbs.post_review, self.worker, self._head, what, words))

    def leave_field(self) -> None:
        """A comment that was begun is kept: it is deleted by its own key."""
        words, what = self.field.text.strip(), self.typing
        self.close_field()
        if what == "comment" and self.target is not None and words and words != self.target.words:
            self._keep(self.target, words)

    def _keep(self, draft: Draft, words: str) -> None:
        self.range_from = None
        if words:
            self._change(partial(review_drafts.put, self.home.project.store, self.worker, draft._replace(words=words)))
        elif draft.words:
            self._change(partial(review_drafts.remove, self.home.project.store, self.worker, [draft.id]))

    def delete(self) -> None:
        """Forget the comment under the cursor, or on its line."""
        row = self._line()
        if row is not None and row.draft:
            self._change(partial(review_drafts.remove, self.home.project.store, self.worker, [row.draft]))
        else:
            self.say("the cursor is not on a comment", alarm=True)

    def _change(self, act: Callable[[], Drafts]) -> None:
        """Change what is kept, at once: a comment is on the disk before the next key."""
        try:
            self.drafts = act()
            self._stamp = self._draft_stamp()
        except OrchestraError as wrong:
            self.say(f"{wrong.message} ({wrong.hint})", alarm=True)
        if self.seen is not None:
            self.seen = self.seen._replace(drafts=self.drafts)

    # --- what is sent ---

    @property
    def _head(self) -> str:
        return self.seen.head if self.seen else ""

    def send_all(self) -> None:
        """All comments to the worker, as one message."""
        if not self.drafts.comments:
            self.say("no comment to send: c makes one", alarm=True)
            return
        self._act(partial(self.home.verbs.send_review, self.worker))

    def _post(self) -> None:
        if self._pull_number():
            self.posting = True

    def _pull_number(self) -> int:
        pull = self.seen.worker.pull if self.seen else None
        if pull is None:
            self.say("it has no pull request: S sends the comments to the worker, m merges", alarm=True)
            return 0
        return pull.number

    def approve(self) -> None:
        """Approve on GitHub what is shown, with the comments that are kept."""
        number = self._pull_number()
        if number:
            self.ask(
                [f"approve #{number} on GitHub, as it is at {self._head[:8]}", self._comments_go()],
                partial(self._act, partial(self.home.verbs.post_review, self.worker, self._head, "approve")),
            )

    def _comments_go(self) -> str:
        count = len(self.drafts.comments)
        return f"with {count} comment{'' if count == 1 else 's'}" if count else "without a comment"

    def _act(self, act: Callable[[], str]) -> None:
        def done(said: str) -> None:
            self._change(partial(review_drafts.load, self.home.project.store, self.worker))
            self.say(said)
            self.read()

        if not self.sending:
            self.say("sending\u2026")
        self.run_once(act, done)

    def merge(self) -> None:
        """Say what a merge does, and ask."""
        merging.start(self, self.worker, self.read)

    def _browser(self) -> None:
        self.run_apart(partial(self.home.verbs.pull, self.worker), self.say)

    def edit_line(self) -> None:
        """The file in the user's editor, at the line of the cursor."""
        file, row, seen = self.file, self._line(), self.seen
        if file is None or seen is None or not seen.has_worktree:
            self.say("it has no worktree to edit", alarm=True)
            return
        number = (row.line.new or row.line.old) if row and row.line else 0
        path = os.path.join(seen.worker.worktree, file.patch.path)
        self.home.run_outside(
            lambda: run_editor(editor_argv(self.home.project.environ, path, number), seen.worker.worktree)
        )
        self.read()
