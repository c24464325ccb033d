from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import package_files
import pytest

from orchestra.cli.main import COMMANDS, cli

pytestmark = pytest.mark.fast
PLACE = package_files.PLACE


@pytest.mark.parametrize("name", ["man/orchestra.1", "debian/control"])
def test_what_is_generated_is_up_to_date(name: str) -> None:
    assert package_files.is_written(name, package_files.generated()[name]), "make packaging"


def test_the_man_page_has_every_command_with_every_option() -> None:
    page = package_files.manual().replace("\\-", "-")
    context = click.Context(cli, info_name="orchestra")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        if command.hidden or name in ("key", "popup", "orchestrator", "monitor"):
            continue
        assert f'.SS "orchestra {name}' in page, name
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.opts[0] in page, (name, option.opts)


@pytest.mark.parametrize(
    ("text", "wanted"), [(".x", "\\&.x"), ("'x", "\\&'x"), ("a-b\\c", "a\\-b\\ec"), ('"', "\\(dq")]
)
def test_roff_prints_what_it_is_given(text: str, wanted: str) -> None:
    assert package_files.roff(text) == wanted


def test_the_man_page_has_no_fault() -> None:
    groff = shutil.which("groff") or pytest.skip("groff is not installed")
    argv = [groff, "-man", "-ww", "-z", str(PLACE / "man" / "orchestra.1")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_reads_its_completion(shell: str) -> None:
    program = shutil.which(shell) or pytest.skip(f"{shell} is not installed")
    file = PLACE / package_files.COMPLETIONS[shell]
    done = subprocess.run([program, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_debian_depends_on_what_the_package_declares() -> None:
    text = package_files.control({"name": "x", "dependencies": ["click>=8.1,<9", "PyYAML>=6,<7"]})
    assert "python3-click (>= 8.1)" in text
    assert "python3-pyyaml (>= 6)" in text
    assert "tmux (>= 3.2a)" in text


def test_the_formula_names_the_archive_and_its_checksum(tmp_path: Path) -> None:
    url = "https://github.com/acme/tool/releases/download/v1/tool-1.tar.gz"
    text = package_files.formula(url, "ab" * 32)
    assert f'url "{url}"' in text
    assert 'homepage "https://github.com/acme/tool"' in text
    assert f'sha256 "{"ab" * 32}"' in text
