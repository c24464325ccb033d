"""Finds layouts and prompts: the repository's own, then the ones that ship with orchestra."""

from __future__ import annotations

import os
import re
from pathlib import Path

from orchestra.config.yaml import MAX_BYTES
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import UsageError

_NAME = regex(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", re.ASCII
)  # without a slash or a leading dot, so that a bare name never leaves its directory


def find_layout(name: str, root: str) -> tuple[str, str]:
    """A layout's (name for errors, text); see `find_prompt`."""
    return _find("layouts", ".yaml", name, Path(root))


def layout_names(root: str) -> list[str]:
    """The names that `find_layout` knows, sorted."""
    return _names("layouts", ".yaml", Path(root))


def find_prompt(name: str, root: str) -> tuple[str, str]:
    """A prompt's (name for errors, text).

    `name` is a path (with a slash or the suffix), relative to `root`; or a bare name: `.orchestra/prompts/NAME.md` of
    the repository when there is one, else the one that ships. Raises UsageError when there is none.
    """
    return _find("prompts", ".md", name, Path(root))


def packaged_directory(kind: str) -> Path:
    """The directory of the shipped `layouts` or `prompts`: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind


def _find(kind: str, suffix: str, name: str, root: Path) -> tuple[str, str]:
    own = root / ".orchestra" / kind
    if "/" in name or name.endswith(suffix):
        return _read(root / os.path.expanduser(name), name)
    path = own / f"{name}{suffix}"
    if _NAME.fullmatch(name) is None or not (
        path.is_file() or (path := packaged_directory(kind) / path.name).is_file()
    ):
        known = _names(kind, suffix, root)
        raise UsageError(
            f'{kind[:-1]} "{clean(name, 60)}" does not exist', f"{kind} are: {', '.join(known)}; or give a path"
        )
    return _read(path, path.name)


def _names(kind: str, suffix: str, root: Path) -> list[str]:
    places = (root / ".orchestra" / kind, packaged_directory(kind))
    return sorted({found.stem for place in places for found in place.glob(f"*{suffix}") if _NAME.fullmatch(found.stem)})


def _read(path: Path, name: str) -> tuple[str, str]:
    """The file's text. A FIFO is not opened, because that would hang; a huge file is not read whole."""
    name = clean(name)
    try:
        if not path.is_file():
            raise UsageError(f"{name}: file not found")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise UsageError(f"{name}: longer than {MAX_BYTES // 1024} KiB")
        return name, raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{name}: is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or 'not a path'}") from None
