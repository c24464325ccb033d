"""Fuzzy search as fzf has it: which rows a query finds, the best first. Pure; standard library only.

Words of the query must all be found, in any order: each as letters in that order, `'word` as it is written, `^word` at
the begin, `word$` at the end, `!word` not at all; `label:bug` and `state:ready` name a fact of the row.
"""

from __future__ import annotations

WORD_START = 8  # a letter that begins a word
IN_A_ROW = 5  # a letter right after the one before


def score(query: str, text: str, facts: frozenset[str] = frozenset()) -> int | None:
    """How well the query finds the text: more is better; None: not at all."""
    folded, total = text.casefold(), 0
    for word in query.casefold().split():
        found = _word(word, folded, facts)
        if found is None:
            return None
        total += found
    return total


def _word(word: str, text: str, facts: frozenset[str]) -> int | None:
    if word in ("!", "'", "^", "$"):
        return 0
    if word[0] == "!":
        return 0 if word[1:] not in text else None
    if word[0] == "^" or (word[-1] == "$" and len(word) > 1):
        bare = word.removeprefix("^").removesuffix("$")
        ends = word[-1] != "$" or text.endswith(bare)
        return IN_A_ROW * len(bare) if ends and (word[0] != "^" or text.startswith(bare)) else None
    name, colon, value = word.partition(":")
    if colon and value and name in ("label", "state", "author"):
        return IN_A_ROW * len(value) if any(fact.startswith(word) for fact in facts) else None
    exact = word.removeprefix("'")
    place = text.find(exact)
    if place >= 0:
        starts = place == 0 or not text[place - 1].isalnum()
        return (IN_A_ROW + 1) * len(exact) + (WORD_START if starts else 0)
    return None if word[0] == "'" else _letters(word, text)


def _letters(word: str, text: str) -> int | None:
    """The letters of the word in that order, with others between."""
    total, at = 0, -1
    for letter in word:
        place = text.find(letter, at + 1)
        if place < 0:
            return None
        total += IN_A_ROW if at >= 0 and place == at + 1 else 0
        total += WORD_START if place == 0 or not text[place - 1].isalnum() else 1
        total -= min(place - at - 1, 6) if at >= 0 else 0
        at = place
    return total


def found(query: str, rows: list[tuple[str, frozenset[str]]]) -> list[int]:
    """The places of the rows that are found, the best first; equal ones in their order."""
    scored = [(score(query, text, facts), place) for place, (text, facts) in enumerate(rows)]
    return [place for value, place in sorted((-value, place) for value, place in scored if value is not None)]
