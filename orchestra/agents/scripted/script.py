r"""The scripted agent's script, and how far a conversation has come in it. Pure.

A prompt, or any later words, may hold a fenced block that begins with ```script: one step a line, shell-like;
a backslash at its end continues a line.

    status working
    write notes/export.md
        What is indented below a `write` or `append` without a text is its text.
    commit "Add notes"
    ship
    else
      say "The verification failed: fix it."
      write notes/export.md "better\n"
      commit "Fix the notes"
      ship
    end

`else` ... `end` runs when the step above it failed. A failed step without them ends the turn; the next words repeat it.
`use 900k 1.50` counts tokens, and a cost, as a model's answer does. `limit rate_limit "..."` ends the turn as a
usage limit does, with these words.
`{answer}` is what was last said to the agent, `{answer!r}` the same as a Python literal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from textwrap import dedent
from typing import Any

from orchestra.core.records import Record
from orchestra.core.regex import regex

# How many words each step takes: at least, at most.
VERBS: Mapping[str, tuple[int, int]] = {
    "say": (1, 99),
    "status": (1, 1),
    "plan": (1, 99),
    "write": (1, 2),
    "append": (1, 2),
    "run": (1, 999),
    "commit": (1, 99),
    "pause": (1, 1),
    "escalate": (1, 99),
    "wait": (0, 0),
    "ship": (0, 99),
    "exit": (1, 1),
    "hang": (0, 0),
    "dialog": (1, 99),
    "limit": (1, 2),
    "use": (1, 2),
    "else": (0, 0),
    "end": (0, 0),
}
ASKING = ("escalate", "wait")  # steps that are finished by what the user answers

_BLOCK = regex(r"^[ \t]*```script[ \t]*\n(.*?)^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
_PIECE = regex(r"^Guidance (g\d{1,9}) from ([^\n]*):[ \t]*$", re.MULTILINE | re.ASCII)
_ANSWER = regex(r"\{answer(!r)?\}")


class Step(Record):
    """One line of a script. `rest` is what follows the verb, as written; `text` what is indented below it."""

    verb: str
    words: tuple[str, ...] = ()
    rest: str = ""
    text: str | None = None


class Progress(Record):
    """How far a conversation has come: `at` is the step to do next, `begun` says that it was begun before."""

    steps: tuple[Step, ...] = ()
    at: int = 0
    begun: bool = False
    answer: str = ""
    heard: frozenset[str] = frozenset()  # ids of guidance, so that none counts twice

    @property
    def step(self) -> Step | None:
        """The step to do next, or None when the script is at its end."""
        return self.steps[self.at] if self.at < len(self.steps) else None


class Words(Record):
    """Something said to the agent: its id and sender where it is guidance."""

    text: str
    id: str = ""
    sender: str = ""


def parse(script: str) -> tuple[Step, ...]:
    """The steps of a script; raises ValueError naming the line."""
    steps: list[Step] = []
    lines = script.expandtabs(4).splitlines()
    row = 0
    while row < len(lines):
        line, row = lines[row], row + 1
        while line.endswith("\\") and row < len(lines):
            line, row = line[:-1] + lines[row].strip(), row + 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        step = _step(line.strip(), row)
        if step.verb in ("write", "append") and len(step.words) == 1:
            below = _below(lines[row:], len(line) - len(line.lstrip()))
            row += len(below)
            step = step._replace(text=dedent("\n".join(below)).strip("\n") + "\n")
        steps.append(step)
    _check_blocks(steps)
    return tuple(steps)


def script_in(words: str) -> str | None:
    """The script that some words hold, or None."""
    found = _BLOCK.search(words)
    return found[1] if found else None


def plain(number: str) -> tuple[Step, ...]:
    """What the agent does for an issue without a script: a plain small change."""
    note = f"notes/issue-{number}.md"
    return parse(f"""
        status planning
        status working
        write {note} "Issue {number}, noted by the scripted agent.\\n"
        commit "Note issue {number}"
        ship
    """)


def noted(number: str) -> tuple[Step, ...]:
    """What it does with words when it has nothing left to do: they go on record."""
    return parse(f"""
        append notes/issue-{number}.md "{{answer}}\\n"
        commit "Follow the guidance on issue {number}"
        ship
    """)


def hear(progress: Progress, words: str, number: str) -> Progress:
    """The progress after `words`: a first prompt, an answer, or something new to do. Raises ValueError (`parse`).

    What is heard while the step before a `wait` runs ends that wait, as a model does not wait for what it was told.
    """
    if progress.step is not None and progress.step.verb == "wait":
        progress = progress._replace(begun=True)
    for piece in _pieces(words):
        progress = _hear(progress, piece, number)
    return progress


def _hear(progress: Progress, said: Words, number: str) -> Progress:
    script = script_in(said.text)
    if not progress.steps:
        return progress._replace(steps=parse(script) if script is not None else plain(number))
    if said.sender == "orchestra" or said.id in progress.heard:
        return progress
    heard = progress.heard | {said.id} if said.id else progress.heard
    progress = progress._replace(heard=heard, answer=said.text.strip())
    if progress.step is not None and progress.step.verb in ASKING and progress.begun:
        progress = moved(progress, progress.at + 1)
    added = parse(script) if script is not None else noted(number) if progress.step is None else ()
    before, after = progress.steps[: progress.at], progress.steps[progress.at :]
    return progress._replace(steps=(*before, *added, *after), begun=progress.begun and not added)


def moved(progress: Progress, at: int) -> Progress:
    """The progress with `at` as the step to do next; an `end` is passed, and so is an `else` block."""
    while at < len(progress.steps) and progress.steps[at].verb in ("else", "end"):
        at = _past_end(progress.steps, at) if progress.steps[at].verb == "else" else at + 1
    return progress._replace(at=at, begun=False)


def after(progress: Progress, *, passed: bool) -> int | None:
    """Where to go after the step at hand, or into its `else`. None: it failed and there is none."""
    following = progress.at + 1
    if passed:
        return following
    has_else = following < len(progress.steps) and progress.steps[following].verb == "else"
    return following + 1 if has_else else None


def recall(entries: Iterable[Mapping[str, Any]], number: str) -> Progress:
    """The progress that a conversation's entries lead to."""
    progress = Progress()
    for entry in entries:
        if entry.get("type") == "user":
            progress = hear(progress, str(entry["message"]["content"]), number)
        elif entry.get("type") == "begun":
            progress = progress._replace(begun=True)
        elif entry.get("type") == "done":
            progress = moved(progress, int(entry["next"]))
    return progress


def filled(step: Step, answer: str) -> Step:
    """The step with `{answer}` filled in; in `rest`, which a shell may read, it is one quoted word."""

    def value(found: re.Match[str]) -> str:
        return repr(answer) if found[1] else answer

    text = _ANSWER.sub(value, step.text) if step.text is not None else None
    words = tuple(_ANSWER.sub(value, word) for word in step.words)
    return step._replace(words=words, text=text, rest=_ANSWER.sub(lambda found: shlex.quote(value(found)), step.rest))


def _pieces(words: str) -> Sequence[Words]:
    """Guidance, piece by piece; anything else is one piece without an id."""
    heads = list(_PIECE.finditer(words))
    if not heads or words[: heads[0].start()].strip():
        return (Words(words),)
    ends = [*(head.start() for head in heads[1:]), len(words)]
    return [Words(words[head.end() : end].strip("\n"), head[1], head[2]) for head, end in zip(heads, ends, strict=True)]


def _step(line: str, row: int) -> Step:
    verb, _, rest = line.partition(" ")
    if verb not in VERBS:
        raise ValueError(f"script line {row}: there is no step {verb!r}; steps are: {', '.join(VERBS)}")
    try:
        words = tuple(rest.split()) if verb == "run" else tuple(shlex.split(rest))
    except ValueError as wrong:
        raise ValueError(f"script line {row}: {wrong}") from None
    least, most = VERBS[verb]
    if not least <= len(words) <= most:
        raise ValueError(f"script line {row}: {verb} takes {least} to {most} words, got {len(words)}")
    return Step(verb, words, rest.strip())


def _check_blocks(steps: Sequence[Step]) -> None:
    """Each `else` comes after a step that may fail, and has its `end`."""
    depth, before = 0, "else"
    for step in steps:
        if step.verb == "else" and before in ("else", "end"):
            raise ValueError("script: an `else` comes after no step")
        before = step.verb
        depth += {"else": 1, "end": -1}.get(step.verb, 0)
        if depth < 0:
            break
    if depth:
        raise ValueError("script: an `else` without its `end`, or the other way round")


def _below(lines: Sequence[str], indent: int) -> list[str]:
    """The lines that belong to the one above them, which is indented by `indent`."""
    below: list[str] = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        below.append(line)
    return below


def _past_end(steps: Sequence[Step], opening: int) -> int:
    """The place after the `end` that closes the `else` at `opening`."""
    depth = 0
    for place in range(opening, len(steps)):
        depth += {"else": 1, "end": -1}.get(steps[place].verb, 0)
        if depth == 0:
            return place + 1
    return len(steps)
