"""A cache that cannot be read is not a cache: never an error, and never half a value."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from orchestra.storage import json_cache

pytestmark = pytest.mark.fast


def test_what_was_written_is_read_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "project" / "counts.json"
    assert json_cache.write(str(path), {"a": 1, "b": (2, 3)})
    assert json_cache.read(str(path), lambda found: found, None) == {"a": 1, "b": [2, 3]}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '{"a": "many"}',
        '{"a": null}',
        '{"a": {}}',
        "9" * 5000,
        "[" * 100_000,
        '{"a": 1e999}',
        "\xff",
    ],
)
def test_what_the_parser_cannot_take_reads_as_the_default(tmp_path: Path, text: str) -> None:
    path = tmp_path / "counts.json"
    path.write_bytes(text.encode("latin-1"))

    def parse(found: object) -> dict[str, int]:
        return {str(key): int(value) for key, value in found.items()}  # type: ignore[attr-defined]

    assert json_cache.read(str(path), parse, {"none": 0}) == {"none": 0}


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path), lambda _: None])
def test_an_entry_that_is_not_a_file_reads_as_the_default(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "x.json")
    assert json_cache.read_texts(str(tmp_path / "x.json")) == {}


def test_a_disk_that_takes_nothing_is_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not json_cache.write(str(tmp_path / "file" / "x.json"), {})
