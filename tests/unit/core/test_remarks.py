"""Whose word counts, and which words ask for something."""

from __future__ import annotations

from typing import Any

import pytest

from orchestra.core.remarks import MARK, Kind, Remark, Voices, asks, conversations, is_addressed, withdrawn_requests

pytestmark = pytest.mark.fast

US = Voices(us="ann")


def remark(text: str, **changes: Any) -> Remark:
    bot = str(changes.get("author", "")).endswith("[bot]")
    given: dict[str, Any] = {
        "id": "comment:1",
        "author": "rob",
        "association": "MEMBER",
        "bot": bot,
        "kind": Kind.COMMENT,
    }
    return Remark(**{**given, "text": text, **changes})


NOTHING = [
    "LGTM", "lgtm!", "LGTM, thanks!", ":+1:", "\U0001f44d", "+1", "Looks good to me", "Nice work, merging.", "Thanks!",
    "Looks great, no issues found", "Great, nothing to add.", "ship it \U0001f680", "", "  \n", "> should we do this?\n\nok",
    "@coderabbitai review", "/retest", "/deploy staging", "@dependabot rebase", "@sue could you have a look at this?",
    "Done, thanks", "Perfect", "Congrats on the first one!", "Tested, all good.", "Good to go", "No objections", "bors r+",
    "No further comments", "cc @bob", "PTAL @bob", "Will review tomorrow", "I'll take a look later today", "Reviewing now",
    "Rebased", "Fixed in abc1234", "Good catch", "Agreed", "Makes sense", "ACK", "utACK abc1234", "retest this please",
    "ok to test", "recheck", "!rebase", "@mergifyio queue", "Duplicate of #12", "Closing and reopening to trigger CI",
    "\U0001f44e", "-1", "bump", "See #12", "Depends on acme/api#7", "TIL", "Verified on staging", "Never mind", "wrong PR, sorry",
    "Waiting for the release freeze to end", "Adding @bob as reviewer", "Flaky test, rerunning", "Moved to the next sprint",
    "That failure is unrelated to this PR", "Thanks for the fix!", "Great, let's merge", "Nice, this will help a lot",
    "No changes needed from my side", "Works on my machine", "I'll take a closer look this week", "Leaving this to @bob",
]  # fmt: skip
SOMETHING = [
    "Please also handle empty input.", "LGTM but please rename the flag", "Looks good, could you add a test?", "Why?",
    "This breaks on Windows.", "nit: trailing space", "Use three, please.", "@ann please rebase this",
    "Thanks! Two things should change before we merge: the name and the default.",
    "I do not like where this is going, the whole module wants another structure.", "Needs a changelog entry",
    "This is wrong", "Handle the null case", "typo in README", "Looks good, just one typo in line 3", "Check this",
    "Hold off merging until the API freeze is over", "line 3 leaks the handle", "Fixed width is ugly here",
    "Nice, now do the same for POST", "Thanks. Squash it.", "Cool. Now handle errors", "ok so this leaks memory",
    "Cannot merge, schema differs", "Great - update the changelog", "Not ready to merge", "Approved once the docs are there",
    "Works on Linux, not on macOS", "Deployed to staging, 500s everywhere", "Flaky test: please fix", "See my comments",
    "waiting for the tests you promised", "verified: the bug is still there", "Nice work. This crashes on Windows",
]  # fmt: skip
# An approval with a condition: CI, other people and the calendar meet it, or the author must.
NOTHING += [
    "LGTM once CI is green", "Merge when green", "Please merge when green", "\U0001f44d once CI passes", "Ready to merge",
    "LGTM assuming the checks pass, thanks!", "Squash and merge once CI passes", "LGTM once @bob approves", "Merge it",
    "ship it when CI is green and Bob has approved", "Fine by me if you prefer it", "Will merge once #12 is in",
    "Good to go once the freeze is over", "Looks good after the latest changes", "I'll approve after testing locally",
    "Approved pending security review", "I'll merge tomorrow if there are no objections", "LGTM, merge when ready",
    "If CI is green, LGTM", "Will approve once deployed to staging", "That would be great, thanks!",
]  # fmt: skip
SOMETHING += [
    "LGTM once CI is green and the name is fixed", "LGTM after a rebase", "fine by me if the name changes",
    "ship it when the test is there", "LGTM pending a changelog entry", "LGTM other than tests", "LGTM if tests added",
    "Good to merge when the two threads are resolved", "LGTM with the name fixed", "If you rename it, LGTM",
    "I'll merge after you rebase", "Merge once CI is green and docs are there", "LGTM once the null check is there",
    "\U0001f44d once the name is fixed", "LGTM assuming the lock is released", "Looks good apart from the naming",
    "LGTM once @bob approves and you rename it", "When the test is there: ship it", "Once CI is green, rename it",
    "LGTM once I see a test", "A test would be nice", "Nice, although the name is odd", "LGTM.\nOnce renamed.",
]  # fmt: skip


@pytest.mark.parametrize("text", NOTHING)
def test_words_of_people_that_ask_nothing(text: str) -> None:
    assert not asks(remark(text), US, "ann")


@pytest.mark.parametrize("text", SOMETHING)
def test_words_of_people_that_ask_something(text: str) -> None:
    assert asks(remark(text), US, "ann")


@pytest.mark.parametrize(
    ("author", "text", "wanted"),
    [
        ("codecov[bot]", "## Codecov Report\n:x: Patch coverage is 45% with 3 lines missing coverage. Please review.", False),
        ("vercel[bot]", "The latest updates on your projects. Ready (Preview)", False),
        ("netlify[bot]", "### Deploy Preview for acme ready!", False),
        ("coderabbitai[bot]", "<!-- This is an auto-generated comment: summarize by coderabbit.ai -->\n## Walkthrough\nAdds x", False),
        ("coderabbitai[bot]", "> [!NOTE]\n> Currently processing new changes in this PR. This may take a few minutes, please wait...", False),
        ("claude[bot]", "Claude Code is working on it…", False),
        ("review[bot]", "Review in progress", False),
        ("review[bot]", "1 blocking problem: SQL injection in a.py", True),
        ("review[bot]", "All good.", False),
        ("lint[bot]", "Please document this.", True),
        ("github-actions[bot]", "The migration must be reversible.", True),
        ("github-actions[bot]", "Bundle size: 12 kB (+1 kB)", False),
        ("k8s-ci-robot", "[APPROVALNOTIFIER] This PR is **NOT APPROVED**. Please assign bob", False),
        ("acme-bot", "Please fix the lint errors in a.py", True),
        ("github-actions[bot]", "This PR is stale because it has been open 30 days with no activity. Remove the label", False),
        ("github-actions[bot]", "#### Terraform Plan\nPlan: 1 to add, 0 to change", False),
        ("google-cla[bot]", "Please sign our CLA", False),
        ("claude[bot]", "Looks good overall. Consider a test for empty input.", True),
        ("rob", "Please wait: this stack of pull requests is managed by **Graphite**.", False),
        ("ci-reporter[bot]", "Benchmark results: 3% slower", False),
        ("sonarcloud[bot]", "Quality Gate failed. 2 New issues", False),
    ],
)  # fmt: skip
def test_of_what_bots_write_in_the_conversation_most_is_a_report(author: str, text: str, wanted: bool) -> None:
    assert asks(remark(text, author=author), US) is wanted


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"kind": Kind.REVIEW, "state": "APPROVED", "text": "Please rename it later"}, False),
        ({"kind": Kind.REVIEW, "state": "CHANGES_REQUESTED", "text": ""}, True),
        ({"kind": Kind.REVIEW, "state": "DISMISSED", "text": "no"}, False),
        ({"kind": Kind.REVIEW, "state": "COMMENTED", "text": ""}, False),
        ({"kind": Kind.REVIEW, "state": "COMMENTED", "text": "Two questions below"}, True),
        ({"kind": Kind.REVIEW, "author": "coderabbitai[bot]", "text": "**Actionable comments posted: 3**"}, False),
        ({"kind": Kind.REVIEW, "author": "copilot[bot]", "text": "## Pull request overview\nCopilot reviewed 3 out of 4 changed files"}, False),
        ({"kind": Kind.INLINE, "author": "coderabbitai[bot]", "text": "Guard against null here"}, True),
        ({"kind": Kind.INLINE, "text": "@sue see this"}, True),
        ({"kind": Kind.INLINE, "text": "nice!"}, False),
    ],
    ids=str,
)  # fmt: skip
def test_reviews_and_inline_remarks(changes: dict[str, Any], wanted: bool) -> None:
    assert asks(remark(changes.pop("text"), **changes), US, "ann") is wanted


@pytest.mark.parametrize(
    ("author", "association", "voices", "heard"),
    [
        ("rob", "MEMBER", Voices(), True),
        ("rob", "OWNER", Voices(), True),
        ("rob", "COLLABORATOR", Voices(), True),
        ("eve", "CONTRIBUTOR", Voices(), False),
        ("eve", "NONE", Voices(), False),
        ("Eve", "NONE", Voices(trusted=("eve",)), True),
        ("sue", "CONTRIBUTOR", Voices(pushers={"sue": True}), True),
        ("sue", "CONTRIBUTOR", Voices(pushers={"sue": False}), False),
        ("lint[bot]", "NONE", Voices(), True),
        ("", "MEMBER", Voices(), False),
    ],
)
def test_whose_word_counts(author: str, association: str, voices: Voices, heard: bool) -> None:
    assert voices.hears(author, association, bot=author.endswith("[bot]")) is heard


def talk(*said: tuple[str, str, str]) -> Any:
    rows = [
        remark(text, id=f"inline:{n}", author=author, kind=Kind.INLINE, thread=1, at=f"{n}", association=association)
        for n, (author, association, text) in enumerate(said, 1)
    ]
    (found,) = conversations(rows)
    return found


ASK, REPLY = ("rob", "MEMBER", "Why?"), ("ann", "OWNER", f"Because of x.\n\n{MARK}")


@pytest.mark.parametrize(
    ("said", "shipped_after", "addressed"),
    [
        ([ASK], (), False),
        ([ASK], ("inline:1",), True),
        ([ASK, REPLY], (), True),
        ([ASK, REPLY, ASK], (), False),
        ([ASK, REPLY, ASK], ("inline:3",), True),
        ([ASK, REPLY, ("rob", "MEMBER", "Thanks!")], (), True),
        ([ASK, ("ann", "OWNER", "I would leave it")], ("inline:1",), False),
        ([("eve", "NONE", "Run this")], (), True),
        ([("coderabbitai[bot]", "NONE", "Guard against null")], (), False),
    ],
    ids=str,
)
def test_a_thread_is_addressed(said: Any, shipped_after: tuple[str, ...], addressed: bool) -> None:
    assert is_addressed(talk(*said), US, frozenset(shipped_after)) is addressed


def test_a_request_is_withdrawn_by_the_approval_of_the_same_reviewer() -> None:
    def review(number: int, author: str, state: str) -> Remark:
        return remark("x", id=f"review:{number}", author=author, state=state, kind=Kind.REVIEW, at=f"2026-01-0{number}")

    said = [review(1, "rob", "CHANGES_REQUESTED"), review(2, "sue", "APPROVED"), review(3, "rob", "APPROVED")]
    assert withdrawn_requests(said) == {"review:1"}
    assert withdrawn_requests([*said, review(4, "rob", "CHANGES_REQUESTED")]) == {"review:1"}
    assert withdrawn_requests(said[:2]) == frozenset()


@pytest.mark.parametrize(
    ("words", "withdrawn"),
    [
        ("Never mind, it is fine", True),
        ("Oh sorry, I misread that", True),
        ("Ignore this.", True),
        ("Ignore this error and return None", False),
        ("Please do it", False),
        ("Never mind the name, but the lock that is held here for the whole time of the request must go", False),
    ],
)
def test_a_remark_is_taken_back_by_its_author(words: str, withdrawn: bool) -> None:
    first = remark("Rename this", id="inline:1", kind=Kind.INLINE, thread=1, at="1", author="rob")
    other = first._replace(id="inline:2", author="sue", at="2")
    last = first._replace(id="inline:3", text=words, at="3")
    assert withdrawn_requests([first, other, last]) == ({"inline:1", "inline:3"} if withdrawn else frozenset())
    for before, addressed in ((first, withdrawn), (other, False)):
        (one,) = conversations([before, last])
        assert is_addressed(one, US, frozenset()) is addressed, "another reviewer's stays"
