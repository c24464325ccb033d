"""Where an agent's program is found that only the user's interactive shell has on its PATH."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestra.agents import located

pytestmark = pytest.mark.fast

PLACES = {
    "its own installer": (".claude/local", ".claude/local"),
    "volta before nvm": (".volta/bin .nvm/versions/node/v20.1.0/bin", ".volta/bin"),
    "mise": (".local/share/mise/shims", ".local/share/mise/shims"),
    "asdf": (".asdf/shims", ".asdf/shims"),
    "npm's own prefix": (".npm-global/bin", ".npm-global/bin"),
    "nvm": (".nvm/versions/node/v20.1.0/bin", ".nvm/versions/node/v20.1.0/bin"),
    "nvm, the newest": (
        ".nvm/versions/node/v9.11.2/bin .nvm/versions/node/v22.1.0/bin .nvm/versions/node/v20.9.0/bin",
        ".nvm/versions/node/v22.1.0/bin",
    ),
    "fnm": (
        ".local/share/fnm/node-versions/v18.0.0/installation/bin",
        ".local/share/fnm/node-versions/v18.0.0/installation/bin",
    ),
    "nowhere": ("", ""),
}


@pytest.mark.parametrize("name", PLACES)
def test_where_a_program_is_found(name: str, tmp_path: Path) -> None:
    there, expected = PLACES[name]
    home = tmp_path / "home [1]"  # no pattern
    for place in there.split():
        (home / place).mkdir(parents=True)
        (home / place / "claude").touch(0o755)
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    assert located("claude", environ) == (str(home / expected / "claude") if expected else "claude")
    assert located("/opt/claude", environ) == "/opt/claude"


def test_path_comes_first_and_what_cannot_run_is_passed_over(tmp_path: Path) -> None:
    for place, mode in (("bin", 0o755), (".claude/local", 0o644), (".bun/bin", 0o755)):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "claude").touch(mode)
    assert located("claude", {"HOME": str(tmp_path), "PATH": f"{tmp_path}/bin"}) == "claude"
    assert located("claude", {"HOME": str(tmp_path), "PATH": "/nowhere"}) == str(tmp_path / ".bun/bin/claude")
