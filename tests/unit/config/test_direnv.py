"""What direnv says of the variables it has set; anything else in its place says nothing."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from orchestra.config.direnv import set_by_direnv

pytestmark = pytest.mark.fast


def diff(value: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(value).encode())).decode()


MADE = diff({"p": {"PATH": "/bin"}, "n": {"PATH": "/a:/bin", "FOO": "x", "APP_KEY": "y", "VIRTUAL_ENV": "/v"}})
CASES: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
    ({"DIRENV_DIR": "-/home/u/widgets", "DIRENV_DIFF": MADE}, ("APP_KEY", "FOO")),
    ({"DIRENV_DIR": "-/home/u", "DIRENV_DIFF": MADE}, ("APP_KEY", "FOO")),
    ({"DIRENV_DIR": "-/home/u/widgets/packages/app", "DIRENV_DIFF": MADE}, ("APP_KEY", "FOO")),
    ({"DIRENV_DIR": "-/home/u/other", "DIRENV_DIFF": MADE}, ()),
    ({"DIRENV_DIFF": MADE}, ()),
    ({"DIRENV_DIR": "relative", "DIRENV_DIFF": MADE}, ()),
    ({"DIRENV_DIR": "-/home/u/widgets"}, ()),
    *(
        ({"DIRENV_DIR": "-/home/u/widgets", "DIRENV_DIFF": word}, ())
        for word in ("", "x", "é", MADE[:20], diff([]), diff({"n": 3}), diff({"n": None}), diff("n"))
    ),
)


@pytest.mark.parametrize(("environ", "names"), CASES)
def test_the_names_that_an_envrc_has_set(environ: dict[str, str], names: tuple[str, ...]) -> None:
    assert set_by_direnv(environ, "/home/u/widgets") == names
