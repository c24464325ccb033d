"""Who owns a pull request's title and text: what people edit stays, what orchestra wrote is brought up to date."""

from __future__ import annotations

import pytest

from orchestra.core.pull_text import BEGIN, Wanted, closes_issue, evidence, opened, revised

pytestmark = pytest.mark.fast

FIRST = Wanted(None, None, "Add export", "- Add export", evidence("make test", "3 passed"), "Closes #1")


def test_a_ship_without_words_brings_what_it_made_up_to_date_and_leaves_the_title() -> None:
    first = opened(FIRST)
    assert (first.title, first.text.startswith(BEGIN)) == ("Add export", True)
    assert "- Add export" in first.text
    again = revised(first.title, first.text, FIRST._replace(usual_words="- Add export\n- Fix it", usual_title="Other"))
    assert again.title == "Add export"
    assert "- Fix it" in again.text
    assert again.text.count("Closes #1") == again.text.count("make test") == again.text.count(BEGIN) == 1
    assert revised(again.title, again.text, FIRST._replace(usual_words="- Add export\n- Fix it")) == again


def test_the_words_that_a_worker_gave_stay_and_the_evidence_is_new() -> None:
    first = opened(FIRST._replace(title="feat: export", words="Why and how.\n\nVerified with `eyes`: fine."))
    again = revised(first.title, first.text, FIRST._replace(evidence=evidence("make test", "4 passed")))
    assert "Why and how.\n\nVerified with `eyes`: fine." in again.text
    assert "4 passed" in again.text
    assert "3 passed" not in again.text
    assert (again.title, again.kept) == ("feat: export", ())
    other = revised(again.title, again.text, FIRST._replace(words="Other words."))
    assert "Other words." in other.text
    assert "Why and how" not in other.text


@pytest.mark.parametrize("lines", ["\n", "\r\n"])
def test_what_is_written_around_the_section_stays(lines: str) -> None:
    first = opened(FIRST)
    text = f"- [ ] changelog\n\n{first.text}\n\n## Summary by CodeRabbit\nNew".replace("\n", lines)
    again = revised("feat(export)!: add export (ABC-12)", text, FIRST._replace(title="Add export", words="Better."))
    assert (again.title, again.kept) == ("feat(export)!: add export (ABC-12)", ("title",))
    assert again.text.startswith("- [ ] changelog")
    assert again.text.endswith(f"## Summary by CodeRabbit{lines}New")
    assert "Better." in again.text


def test_a_section_that_was_edited_stays() -> None:
    first = opened(FIRST)
    text = first.text.replace("- Add export", "- Adds the export of tables")
    again = revised("Add export", text, FIRST._replace(title="feat: export", words="Mine."))
    assert again.text.replace(again.text[-80:], "") == text.replace(text[-80:], "")
    assert "Mine." not in again.text
    assert (again.title, again.kept) == ("feat: export", ("text",))
    third = revised(again.title, again.text, FIRST._replace(title="feat: the export"))
    assert third.title == "feat: the export", "the title is still the worker's own"


def test_what_people_opened_is_theirs() -> None:
    assert revised("By hand", "My words", FIRST) == ("By hand", "My words", ())
    again = revised("By hand", "My words", FIRST._replace(title="Mine", words="Mine"))
    assert again == ("By hand", "My words", ("title", "text"))


def test_what_github_would_not_take_is_cut_and_the_marks_stay() -> None:
    long = FIRST._replace(title="t" * 300, words="b\udc80" + "b" * 70_000)
    first = opened(long)
    assert len(first.title) == 256
    assert len(first.text) <= 65_536
    assert "Closes #1" in first.text
    assert len(revised(first.title, first.text, long).text) <= 65_536


def test_the_repository_s_template_is_for_a_text_that_the_worker_did_not_write() -> None:
    with_template = FIRST._replace(template="## Checklist\n- [ ] tests\n")
    assert opened(with_template).text.startswith("## Checklist\n- [ ] tests\n\n" + BEGIN)
    assert "Checklist" not in opened(with_template._replace(words="Mine.")).text


@pytest.mark.parametrize(
    ("text", "closes"),
    [
        ("Closes #1", True), ("closes: #1.", True), ("Fixed #1, and more", True), ("resolves GH-1", True),
        ("Fixes acme/widgets#1", True), ("fix https://github.com/acme/widgets/issues/1", True),
        ("Closes #12", False), ("Closes other/widgets#1", False), ("See #1", False), ("encloses #1", False),
        ("Closes https://github.com/other/widgets/issues/1", False), ("Closes #1a", False), ("", False),
    ],
)  # fmt: skip
def test_a_keyword_closes_the_issue_that_it_names(text: str, closes: bool) -> None:
    assert closes_issue(text, "1", "acme/widgets") is closes
