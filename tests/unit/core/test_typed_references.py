"""What the user types for a worker."""

from __future__ import annotations

import pytest

from orchestra.core.issue_refs import Reference, is_same_host, typed_reference

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("124", Reference(number="124")),
        ("#124", Reference(number="124")),
        ("GH-124", Reference(number="124")),
        ("widgets#124", Reference("widgets", "124")),
        ("acme/widgets#124", Reference("acme/widgets", "124")),
        ("https://github.com/acme/widgets/issues/124", Reference("acme/widgets", "124", host="github.com")),
        ("github.com/acme/widgets/issues/124#issuecomment-9", Reference("acme/widgets", "124", host="github.com")),
        (
            "https://ghe.example.com:8443/acme/widgets/pull/31/files?w=1",
            Reference("acme/widgets", pull="31", host="ghe.example.com"),
        ),
        ("https://acme.ghe.com/acme/widgets/issues/124", Reference("acme/widgets", "124", host="acme.ghe.com")),
        ("http://ghes:8080/acme/widgets/pull/31.diff", Reference("acme/widgets", pull="31", host="ghes")),
        (
            "https://api.acme.ghe.com/repos/acme/widgets/pulls/31",
            Reference("acme/widgets", pull="31", host="api.acme.ghe.com"),
        ),
        ("https://ghes/api/v3/repos/acme/widgets/issues/124", Reference("acme/widgets", "124", host="ghes")),
        ("<https://github.com/acme/widgets/issues/124>", Reference("acme/widgets", "124", host="github.com")),
        (
            "https://github.com/orgs/acme/projects/1?pane=issue&issue=acme%7Cwidgets%7C124",
            Reference("acme/widgets", "124", host="github.com"),
        ),
        ("issue-124", Reference(branch="issue-124")),
        ("fix/some,thing", Reference(branch="fix/some,thing")),
        *(
            (bad, Reference(branch=bad))
            for bad in ("0", "#0", "01", "-1", "1\n", "", "１２３", "../x", "99999999999", "#")
        ),
    ],
)
def test_a_reference(text: str, wanted: Reference) -> None:
    assert typed_reference(text) == wanted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("github.com", "GitHub.com", True),
        ("api.github.com", "github.com", True),
        ("redirect.github.com", "github.com", True),
        ("api.acme.ghe.com", "acme.ghe.com", True),
        ("ghes.example.com", "ghes.example.com:8443", True),
        ("ghes.example.com", "github.com", False),
        ("acme.ghe.com", "other.ghe.com", False),
        ("notgithub.com", "github.com", False),
    ],
)
def test_the_host_of_an_address(one: str, other: str, same: bool) -> None:
    assert is_same_host(one, other) is same
