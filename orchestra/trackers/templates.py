"""A repository's issue templates: GitHub's Markdown templates, and its issue forms as the Markdown they become."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestra.config import yaml as strict_yaml
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.storage.files import names_in, read_text

PLACES = (".github", "", "docs")  # where GitHub looks, in this order
DIRECTORY = "ISSUE_TEMPLATE"
SINGLE = "ISSUE_TEMPLATE.md"
MOST_BYTES = 256 * 1024
_FRONT = regex(r"\ufeff?---[ \t]*\n(?P<front>.*?)^---[ \t]*(\n|\Z)(?P<body>.*)", re.DOTALL | re.MULTILINE)


class Template(Record):
    """How an issue of one kind begins. `name` is what `--template` takes."""

    name: str
    words: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    body: str = ""


class Templates(Record):
    """What the repository offers; `blank`: whether it also takes an issue without a template."""

    found: tuple[Template, ...] = ()
    blank: bool = True

    def named(self, name: str) -> Template:
        """The template of that name; raises OrchestraError, which lists them, when there is none."""
        wanted = name.casefold()
        for one in self.found:
            if wanted in (one.name.casefold(), one.words.casefold()):
                return one
        known = ", ".join(one.name for one in self.found)
        raise OrchestraError(
            f"there is no issue template {clean(name, 60)!r}",
            f"there are: {known}" if known else "this repository has none in .github/ISSUE_TEMPLATE",
        )


def read(root: str) -> Templates:
    """The templates of the repository at `root`. A file that cannot be read as one is left out."""
    for place in PLACES:
        directory = os.path.join(root, place, DIRECTORY)
        names = sorted(name for name in _names(directory) if name.endswith((".md", ".yml", ".yaml")))
        found = [one for name in names if (one := _template(directory, name)) is not None]
        config = _yaml(_text(os.path.join(directory, "config.yml")) or _text(os.path.join(directory, "config.yaml")))
        if found:
            return Templates(tuple(found), config.get("blank_issues_enabled") is not False)
    for place in PLACES:
        for name in (SINGLE, SINGLE.lower()):
            if body := _text(os.path.join(root, place, name)):
                return Templates((Template("default", body=_markdown(body).body),))
    return Templates()


def _names(directory: str) -> list[str]:
    try:
        return names_in(directory)
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        return read_text(path, MOST_BYTES).replace("\r\n", "\n")
    except OSError:
        return ""


def _template(directory: str, name: str) -> Template | None:
    stem, _, kind = name.rpartition(".")
    text = _text(os.path.join(directory, name))
    if kind == "md":
        return _markdown(text)._replace(name=clean(stem, 60)) if text.strip() else None
    if stem == "config":
        return None
    form = _yaml(text)
    fields = form.get("body")
    if not isinstance(fields, list):
        return None
    body = "\n\n".join(_sections(one for one in fields if isinstance(one, dict)))
    return _described(form)._replace(name=clean(stem, 60), body=body)


def _markdown(text: str) -> Template:
    parts = _FRONT.match(text)
    if parts is None:
        return Template("", body=text.strip("\n"))
    return _described(_yaml(parts["front"]))._replace(body=parts["body"].strip("\n"))


def _yaml(text: str) -> Mapping[str, Any]:
    try:
        found: Any = strict_yaml.parse(text, "template").value if text.strip() else {}
    except OrchestraError:
        return {}
    return found if isinstance(found, dict) else {}


def _described(front: Mapping[str, Any]) -> Template:
    given = front.get("labels") or ()
    labels = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else ()
    return Template(
        "",
        words=clean(_str(front.get("name")), 80),
        title=_prefix(_str(front.get("title"))),
        labels=tuple(filter(None, (clean(_str(one), 60) for one in labels))),
    )


def _prefix(title: str) -> str:
    """What the title begins with; the space at its end is the template's own."""
    known = clean(title, 200)
    return f"{known} " if known and title.endswith(" ") else known


def _str(value: Any) -> str:
    return "" if value is None else str(value)


def _sections(fields: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A heading for each question of a form, as GitHub writes the answers, with what is asked in a comment."""
    for field in fields:
        facts = field.get("attributes")
        kind, label = field.get("type"), clean(_str(facts.get("label")), 200) if isinstance(facts, dict) else ""
        if not isinstance(facts, dict) or not label or kind == "markdown":
            continue
        rules = field.get("validations")
        needed = isinstance(rules, dict) and rules.get("required") is True
        asked = [clean(_str(facts.get("description")), 500), "(required)" if needed else ""]
        given = facts.get("options")
        options: list[Any] = given if isinstance(given, list) else []
        if kind == "dropdown":
            asked.append(f"One of: {', '.join(clean(_str(one), 100) for one in options)}")
        told = " ".join(filter(None, asked)).replace("--", "\u2010\u2010")  # `-->` would end the comment
        boxes = [f"- [ ] {clean(_label(one), 200)}" for one in options] if kind == "checkboxes" else []
        value = _str(facts.get("value")) if kind in ("input", "textarea") else ""
        yield "\n\n".join(
            filter(None, (f"### {label}", f"<!-- {told} -->" if told else "", *["\n".join(boxes)], value))
        )


def _label(option: Any) -> str:
    return _str(option.get("label")) if isinstance(option, dict) else _str(option)
