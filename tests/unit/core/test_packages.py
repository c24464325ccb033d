"""The command that installs what is missing, by the package manager that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestra.core.packages import install_command, install_hint

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("managers", "root", "command"),
    [
        (("apt-get",), False, "sudo apt install tmux"),
        (("apt-get",), True, "apt install tmux"),
        (("dnf",), False, "sudo dnf install tmux"),
        (("zypper",), False, "sudo zypper install tmux"),
        (("apk",), False, "sudo apk add tmux"),
        (("pacman",), False, "sudo pacman -S tmux"),
        (("brew",), False, "brew install tmux"),
        (("brew", "dnf"), False, "sudo dnf install tmux"),  # Homebrew beside a system's own
        ((), False, ""),
    ],
)
def test_a_package_is_installed_by_the_manager_that_is_there(
    tmp_path: Path, managers: tuple[str, ...], root: bool, command: str
) -> None:
    for name in managers:
        (tmp_path / name).touch(mode=0o755)
    assert install_command(("tmux",), str(tmp_path), root=root) == command
    hint = install_hint("tmux", "3.2a", {"PATH": str(tmp_path)})
    assert hint.startswith("install tmux 3.2a or newer")
    assert (": " in hint) == bool(managers)
