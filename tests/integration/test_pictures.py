"""The pictures of the docs are what the screens draw now; each is shown on some page."""

from __future__ import annotations

from support import pictures
from support.paths import ROOT


def test_the_pictures_are_those_of_the_screens() -> None:
    found = {path.stem: path.read_text() for path in pictures.PLACE.glob("*.svg")}
    made = pictures.drawn()
    assert sorted(found) == sorted(made), "make pictures"
    for name, text in made.items():
        assert found[name] == text, f"{name} is older than its screen: make pictures"
    pages = (ROOT / "README.md").read_text() + (ROOT / "docs" / "keys.md").read_text()
    assert [name for name in made if f"pictures/{name}.svg" not in pages] == []
    for text in made.values():  # a picture that is seen loads nothing, and has no control character
        assert "href" not in text
        assert all(char >= " " or char == "\n" for char in text)
