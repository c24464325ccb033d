"""Files as they must not be: bytes changed at random, and JSON with one value of another kind. Everything by a seed."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.hostile import FRAGMENTS

# Values that `json.dumps` cannot write, by the text that replaces them until the document is written.
RAW = {
    "@huge@": "1" + "0" * 5000,
    "@deep@": "[" * 100_000 + "]" * 100_000,
    "@nan@": "NaN",
    "@infinite@": "-Infinity",
    "@float@": "1e999",
    "@surrogate@": '"\\ud800"',
    "@zero@": "-0",
}
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**18, "", "x", "124", "busy", "None", [], {}, [[]], [None], [{}], {"x": {}}),
    *([1, "a", None], {"state": []}, {"": ""}, "\x00", "\x1b[31m", "\u202e", "2026-99-99T99:99:99Z", "9" * 300, *RAW),
)


def text(rng: random.Random, sample: str) -> bytes:
    """A sample with one to four changes of its bytes."""
    found = bytearray(sample.encode("utf-8", "surrogatepass"))
    for _ in range(rng.randint(1, 4)):
        rng.choice(_CHANGES)(rng, found)
    return bytes(found)


def document(rng: random.Random, sample: Any) -> bytes:
    """A JSON sample with one to three of its values changed, removed, doubled or renamed."""
    found = json.loads(json.dumps(sample))
    for _ in range(rng.randint(1, 3)):
        places = list(_places(found))
        if not places:
            break
        holder, key = rng.choice(places)
        how = rng.random()
        if how < 0.7 or not isinstance(holder, dict):
            holder[key] = copy.deepcopy(rng.choice(VALUES)) if rng.random() < 0.8 else rng.choice(FRAGMENTS)
        elif how < 0.85:
            del holder[key]
        else:
            holder[rng.choice(("x", "schema", "id", "__class__", key + "s"))] = holder[key]
    said = json.dumps(found, ensure_ascii=rng.random() < 0.5)
    for mark, raw in RAW.items():
        said = said.replace(f'"{mark}"', raw)
    if rng.random() < 0.1:  # keys given twice: the last one counts
        said = said.replace("{", '{"id": 1, "id": [], ', 1)
    return said.encode("utf-8", "surrogatepass")


def either(rng: random.Random, sample: Any) -> bytes:
    """A JSON sample, changed as a document or as text."""
    return document(rng, sample) if rng.random() < 0.7 else text(rng, json.dumps(sample))


def _places(found: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) in a document."""
    for key in list(found) if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ():
        yield found, key
        yield from _places(found[key])


def _flip(rng: random.Random, found: bytearray) -> None:
    if found:
        found[rng.randrange(len(found))] = rng.randrange(256)


def _cut(rng: random.Random, found: bytearray) -> None:
    at = rng.randint(0, len(found))
    del found[at : at + rng.choice((1, 5, 80, 10_000))]


def _put(rng: random.Random, found: bytearray) -> None:
    at = rng.randint(0, len(found))
    found[at:at] = rng.choice(FRAGMENTS).encode("utf-8", "surrogatepass")


def _again(rng: random.Random, found: bytearray) -> None:
    at = rng.randint(0, len(found))
    found[at:at] = found[at : at + rng.choice((1, 9, 200))] * rng.choice((1, 2, 50))


_CHANGES: tuple[Callable[[random.Random, bytearray], None], ...] = (_flip, _flip, _cut, _put, _put, _again)


# --- what is where a file should be ---


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)


def _mode_nothing(path: Path) -> None:
    path.write_text("x")
    path.chmod(0)


SPECIAL: dict[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "directory": lambda path: path.mkdir(),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to zeros": lambda path: path.symlink_to("/dev/zero"),
    "link to nothing": lambda path: path.symlink_to("/no/such/place"),
    "100 MB": _sparse,
    "empty": lambda path: path.write_bytes(b""),
    "deep": lambda path: path.write_text("[" * 200_000),
    "alias bomb": lambda path: path.write_text(
        "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    ),
    "zeros": lambda path: path.write_bytes(bytes(5000)),
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe\x00title: \xed\xa0\x80"),
    "NaN": lambda path: path.write_text("NaN"),
    "a number": lambda path: path.write_text("1" * 6000),
}  # fmt: skip


def place(name: str, path: Path) -> None:
    """Put one of SPECIAL at `path`, whatever is there."""
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name}.before"))
    elif path.is_symlink() or path.exists():
        path.unlink()
    SPECIAL[name](path)
