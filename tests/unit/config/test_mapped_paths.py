from __future__ import annotations

import pytest

from orchestra.config.mapped_paths import mapped

pytestmark = pytest.mark.fast
MAIN, OTHER, OWN = "/home/u/widgets", "/home/u/widgets-issue-1", "/home/u/widgets-issue-2"
THERE = {f"{OWN}/bin", f"{OWN}/node_modules/.bin", OWN, f"{OWN}/src"}


def of(**given: str) -> tuple[dict[str, str], list[str]]:
    found, moved = mapped(given, (MAIN, OTHER), OWN, lambda path: path in THERE)
    return found, [one.told for one in moved]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("/usr/bin:/bin", "/usr/bin:/bin"),
        (f"{MAIN}/bin:/bin", f"{OWN}/bin:/bin"),
        (f"{MAIN}/bin/:/bin", f"{OWN}/bin:/bin"),
        (f"{MAIN}/.venv/bin:/bin", "/bin"),
        (f"/bin:{MAIN}/src/../node_modules/.bin", f"/bin:{OWN}/node_modules/.bin"),
        (f"{OTHER}/bin:/bin", f"{OWN}/bin:/bin"),
        (f"{OWN}/.venv/bin:/bin", f"{OWN}/.venv/bin:/bin"),
        (f"{MAIN}-tools/bin:/bin", f"{MAIN}-tools/bin:/bin"),
        (MAIN, OWN),
        ("./node_modules/.bin:/bin", "./node_modules/.bin:/bin"),
        ("", ""),
    ],
)
def test_entries_of_path(given: str, made: str) -> None:
    assert of(PATH=given)[0]["PATH"] == made


def test_what_is_empty_afterwards_is_not_set_and_what_is_changed_is_told() -> None:
    found, told = of(PATH=f"{MAIN}/bin:/bin", VIRTUAL_ENV=f"{MAIN}/.venv", PYTHONPATH=f"{MAIN}/src:{MAIN}/no")
    assert found == {"PATH": f"{OWN}/bin:/bin", "PYTHONPATH": f"{OWN}/src"}
    assert told == [
        f"PATH: {OWN}/bin in place of {MAIN}/bin",
        f"VIRTUAL_ENV: without {MAIN}/.venv, which the worktree does not have",
        f"PYTHONPATH: {OWN}/src in place of {MAIN}/src",
        f"PYTHONPATH: without {MAIN}/no, which the worktree does not have",
    ]


def test_a_key_file_of_the_main_checkout_stays() -> None:
    given = {"GOOGLE_APPLICATION_CREDENTIALS": f"{MAIN}/secrets/key.json", "AWS_CONFIG_FILE": f"{MAIN}/aws"}
    assert of(**given) == (given, [])


OWN_VARIABLES = {  # a variable that `agents.<name>.env` lets through, what a worker gets, and whether it is told
    f"{MAIN}": (OWN, True),
    f"{MAIN}/src": (f"{OWN}/src", True),
    f"{MAIN}/data/dev.db": (f"{MAIN}/data/dev.db", True),
    f"sqlite:///{MAIN}/dev.db": (f"sqlite:///{MAIN}/dev.db", True),
    f"file={MAIN}": (f"file={MAIN}", True),
    f"sqlite:///{OWN}/dev.db": (f"sqlite:///{OWN}/dev.db", False),
    f"{MAIN}-data/dev.db": (f"{MAIN}-data/dev.db", False),
    "postgres://localhost/widgets": ("postgres://localhost/widgets", False),
}


@pytest.mark.parametrize("given", OWN_VARIABLES)
def test_a_variable_of_the_project_that_leads_into_the_main_checkout_is_told(given: str) -> None:
    found, told = of(DATABASE_URL=given)
    assert (found["DATABASE_URL"], bool(told)) == OWN_VARIABLES[given]
    assert "dev.db" not in "".join(told)  # it may hold a password


def test_a_version_manager_below_the_main_checkout_is_told() -> None:
    found, told = of(CARGO_HOME=f"{MAIN}/.cargo", MISE_DATA_DIR=f"{MAIN}/src")
    assert found == {"CARGO_HOME": f"{MAIN}/.cargo", "MISE_DATA_DIR": f"{OWN}/src"}
    assert len(told) == 2


def test_what_is_installed_below_a_home_that_is_a_checkout_stays() -> None:
    home = {"HOME": MAIN, "PATH": f"{MAIN}/.local/bin:{MAIN}/bin:/bin", "CARGO_HOME": f"{MAIN}/.cargo"}
    found, told = of(**home)
    assert found == {**home, "PATH": f"{MAIN}/.local/bin:{OWN}/bin:/bin"}
    assert len(told) == 1
