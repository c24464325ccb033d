"""The repositories that GitHub said the user may not push to, in a project's cache; asked again at every spawn."""

from __future__ import annotations

import os

from orchestra.storage.files import make_private, text_or_empty, write_atomic

NAME = "closed-repositories"


def closed(cache: str) -> frozenset[str]:
    """`acme/widgets`, in small letters."""
    return frozenset(text_or_empty(os.path.join(cache, NAME)).split())


def note(cache: str, slug: str, *, closed: bool) -> None:
    """Write down what was said about a repository, where that is new."""
    before = frozenset(text_or_empty(os.path.join(cache, NAME)).split())
    after = before | {slug.lower()} if closed else before - {slug.lower()}
    if after != before:
        make_private(cache)
        write_atomic(os.path.join(cache, NAME), "\n".join(sorted(after)) + "\n")
