"""A repository's issue templates and issue forms."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra.errors import OrchestraError
from orchestra.trackers import templates

FORM = """
name: Something is wrong
description: What you see
title: "[bug] "
labels: [bug, triage]
body:
  - type: markdown
    attributes: {value: "Thanks!"}
  - type: textarea
    attributes:
      label: What happened?
      description: "What you did --> and saw"
      value: "1. "
    validations: {required: true}
  - type: dropdown
    attributes: {label: Version, options: [1.0, 2.0]}
  - type: checkboxes
    attributes:
      label: Before you send it
      options: [{label: I have searched, required: true}]
"""


def offer(root: Path, **files: str) -> templates.Templates:
    place = root / ".github" / "ISSUE_TEMPLATE"
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name.replace("_", ".")).write_text(text)
    return templates.read(str(root))


@pytest.mark.fast
def test_a_form_becomes_the_markdown_that_github_makes_of_it(tmp_path: Path) -> None:
    (found,) = offer(tmp_path, bug_yml=FORM, config_yml="blank_issues_enabled: false\n").found
    assert (found.name, found.words, found.title) == ("bug", "Something is wrong", "[bug] ")
    assert found.labels == ("bug", "triage")
    assert "Thanks!" not in found.body
    assert found.body.startswith("### What happened?\n\n<!-- What you did \u2010\u2010> and saw (required) -->\n\n1. ")
    assert "### Version\n\n<!-- One of: 1.0, 2.0 -->" in found.body
    assert "- [ ] I have searched" in found.body
    assert templates.read(str(tmp_path)).blank is False


@pytest.mark.fast
def test_a_markdown_template_has_front_matter_and_a_text(tmp_path: Path) -> None:
    text = "---\nname: Feature\nabout: x\ntitle: ''\nlabels: 'idea, later'\nassignees: ''\n---\n\nWhy?\n"
    found = offer(tmp_path, feature_md=text, plain_md="Only a text\n").found
    assert [(one.name, one.labels, one.body) for one in found] == [
        ("feature", ("idea", "later"), "Why?"),
        ("plain", (), "Only a text"),
    ]


@pytest.mark.fast
def test_a_name_is_found_by_file_or_by_words_and_an_unknown_one_lists_them(tmp_path: Path) -> None:
    found = offer(tmp_path, bug_yml=FORM)
    assert found.named("BUG") == found.named("something is wrong")
    with pytest.raises(OrchestraError, match="no issue template 'x'") as wrong:
        found.named("x")
    assert wrong.value.hint == "there are: bug"


@pytest.mark.fast
def test_one_old_template_beside_the_readme(tmp_path: Path) -> None:
    (tmp_path / "ISSUE_TEMPLATE.md").write_text("What, and why?\n")
    assert templates.read(str(tmp_path)).found == (templates.Template("default", body="What, and why?"),)
    assert templates.read(str(tmp_path / "nowhere")) == templates.Templates()


@pytest.mark.fast
@settings(max_examples=30)
@given(st.text(max_size=300) | st.sampled_from([FORM, FORM.replace(": ", ":\n - "), FORM[:200], "body: [1, {}, []]"]))
def test_whatever_is_in_the_file_it_is_a_template_or_left_out(text: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        place = Path(root) / ".github" / "ISSUE_TEMPLATE"
        place.mkdir(parents=True)
        for name in ("a.yml", "b.md", "config.yml"):
            (place / name).write_text(text, encoding="utf-8", errors="replace")
        assert {one.name for one in templates.read(root).found} <= {"a", "b"}
