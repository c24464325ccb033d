"""Write what package managers and shells need, out of the command line and pyproject.toml: `make packaging`.

    tools/package_files.py          write packaging/: the man page, the completions, Debian's control file
    tools/package_files.py --check  say which of them are not up to date

A test keeps packaging/ up to date. The wheel installs the man page and the completions where man and the shells look.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from orchestra import __version__
from orchestra.cli.main import GROUPS, cli
from orchestra.tmux import capabilities

HELP = ["-h", "--help"]
ROOT = Path(__file__).parents[1]
PLACE = ROOT / "packaging"
COMPLETIONS = {"bash": "completions/orchestra", "zsh": "completions/_orchestra", "fish": "completions/orchestra.fish"}
NEEDS = {"tmux": capabilities.version_text(), "git": "1:2.31"}  # what `apt` calls the oldest that works

FILES = (
    ("~/.orchestration", "session files, caches and logs; ORCHESTRA_HOME names another directory"),
    ("orchestra.yaml", "the configuration of a repository"),
    (".orchestra/", "issues, layouts and prompts of a repository"),
)
ENVIRONMENT = (
    ("ORCHESTRA_HOME", "where session files are kept, instead of ~/.orchestration"),
    ("GH_TOKEN, GITHUB_TOKEN", "the token for GitHub, before the one of gh(1)"),
    ("TMUX_TMPDIR", "the directory of tmux's sockets"),
    ("NO_COLOR", "no colours, when it is not empty"),
)
EXITS = (
    ("0", "done"),
    ("1", "it could not be done; one sentence says why, and the next command to run"),
    ("2", "the command line, the configuration, a layout or a prompt is wrong"),
)


def main() -> int:
    """Returns the exit status: 1 when --check finds a file that is not up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    old = [name for name, text in generated().items() if not is_written(name, text)]
    for name in old:
        if check:
            print(f"packaging/{name} is not up to date: make packaging", file=sys.stderr)
            continue
        path = PLACE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(generated()[name])
        print(f"written: packaging/{name}")
    return int(check and bool(old))


def is_written(name: str, text: str) -> bool:
    """Whether the file is there with this text."""
    path = PLACE / name
    return path.exists() and path.read_text() == text


def generated() -> dict[str, str]:
    """Every file below packaging/ that is made, with its text."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    completions = {name: completion(shell) for shell, name in COMPLETIONS.items()}
    return {"man/orchestra.1": manual(), **completions, "debian/control": control(project)}


def completion(shell: str) -> str:
    """What `orchestra completion SHELL` prints."""
    found = get_completion_class(shell)
    assert found is not None, shell
    return found(cli, {}, "orchestra", "_ORCHESTRA_COMPLETE").source().strip() + "\n"


def manual() -> str:
    """The man page, in man(7)."""
    root = click.Context(cli, info_name="orchestra", help_option_names=HELP)
    lines = [f'.TH ORCHESTRA 1 "" "orchestra {__version__}" "User Commands"']
    lines += [".SH NAME", "orchestra \\- run many coding agents on one codebase, in tmux"]
    lines += [".SH SYNOPSIS", ".B orchestra", ".I COMMAND", "[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]"]
    lines += [".SH DESCRIPTION", *described(inspect.cleandoc(cli.help or ""))]
    lines += [".SH OPTIONS", *options(cli, root)]
    for title, entries in GROUPS.items():
        if title:
            lines.append(f".SH {roff(title.upper())}")
            for name in entries:
                lines += section(name, root)
    lines += [".SH COMMANDS FOR WORKERS", *section("worker", root)]
    for heading, rows in (("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT), ("EXIT STATUS", EXITS)):
        lines += [f".SH {heading}", *(line for term, said in rows for line in (".TP", f".B {roff(term)}", roff(said)))]
    return "\n".join([*lines, ".SH SEE ALSO", ".BR tmux (1),", ".BR git (1),", ".BR gh (1)", ""])


def section(name: str, root: click.Context) -> Iterator[str]:
    """One command with all that its help says, and those below it."""
    command = root.command.get_command(root, name) if isinstance(root.command, click.Group) else None
    assert command is not None, name
    here = click.Context(command, info_name=name, parent=root, help_option_names=HELP)
    usage = " ".join([here.command_path, *command.collect_usage_pieces(here)])
    yield f'.SS "{roff(usage)}"'
    yield from described(inspect.cleandoc(command.help or ""))
    if examples := getattr(command, "examples", ()):
        yield from (".PP", ".nf", *(f"    {roff(example)}" for example in examples), ".fi")
    yield from options(command, here)
    if isinstance(command, click.Group):
        for below in command.list_commands(here):
            yield from section(below, here)


def described(text: str) -> Iterator[str]:
    """The paragraphs of a help text; Click's mark `\\b` keeps the lines of one as they are."""
    for paragraph in re.split(r"\n\s*\n", textwrap.dedent(text).strip()):
        yield ".PP"
        if paragraph.lstrip().startswith("\b"):
            yield from (".nf", *map(roff, paragraph.lstrip().removeprefix("\b").strip("\n").split("\n")), ".fi")
        else:
            yield roff(" ".join(paragraph.split()))


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    """Each option with its help; --help is the same everywhere, and told once."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1] and (context.parent is None or record[0] != "-h, --help"):
            yield from (".TP", f".B {roff(record[0])}", roff(record[1]))


def roff(text: str) -> str:
    """A line as man(7) prints it unchanged."""
    safe = (
        text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("~", "\\(ti").replace("^", "\\(ha")
    )
    return "\\&" + safe if safe.startswith((".", "'")) else safe


def control(project: Mapping[str, Any]) -> str:
    """Debian's control file: the source package, and the one package that is built of it."""
    needed = [f"python3-{name.lower()} (>= {lowest})" for name, lowest in lowest_versions(project["dependencies"])]
    others = [f"{name} (>= {version})" for name, version in NEEDS.items()]
    build = [
        "debhelper-compat (= 13)",
        "dh-python",
        "pybuild-plugin-pyproject",
        "python3-all (>= 3.11)",
        "python3-hatchling (>= 1.27)",
    ]
    body = textwrap.fill(
        "Each worker takes one issue to one pull request, in its own git worktree and its own tmux pane. The user decides "
        "and reviews.",
        78,
        initial_indent=" ",
        subsequent_indent=" ",
    )
    return "\n".join(
        [
            f"Source: {project['name']}",
            "Section: devel",
            "Priority: optional",
            "Maintainer: The orchestra authors <orchestra-workers@packages.invalid>",
            folded("Build-Depends", build),
            "Standards-Version: 4.7.0",
            "Rules-Requires-Root: no",
            "",
            f"Package: {project['name']}",
            "Architecture: all",
            folded("Depends", ["${python3:Depends}", "${misc:Depends}", *others, *needed]),
            "Recommends: gh",
            "Description: run many coding agents on one codebase, in tmux",
            body,
            "",
        ]
    )


def folded(field: str, values: Sequence[str]) -> str:
    """A field with a value on each line."""
    return f"{field}:\n " + ",\n ".join(values)


def lowest_versions(dependencies: Sequence[str]) -> list[tuple[str, str]]:
    """Each dependency with the lowest version that it may have."""
    found = (re.match(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", one) for one in dependencies)
    return [(one[1], one[2]) for one in found if one]


def formula(url: str, sha256: str) -> str:
    """Homebrew's formula of a source archive, for a tap: pip brings the Python packages."""
    return f"""# Made by tools/package_files.py: do not edit.
class OrchestraWorkers < Formula
  include Language::Python::Virtualenv

  desc "Run many coding agents on one codebase, in tmux"
  homepage "{url.partition("/releases/")[0]}"
  url "{url}"
  sha256 "{sha256}"
  license "MIT"

  depends_on "git"
  depends_on "python@3.13"
  depends_on "tmux"

  def install
    virtualenv_create(libexec, "python3.13", system_site_packages: false, without_pip: false)
    system libexec/"bin/python", "-m", "pip", "install", "--quiet", buildpath
    bin.install_symlink Dir[libexec/"bin/orchestra*"]
    man1.install_symlink Dir[libexec/"share/man/man1/orchestra*.1"]
    bash_completion.install "packaging/completions/orchestra"
    zsh_completion.install "packaging/completions/_orchestra"
    fish_completion.install "packaging/completions/orchestra.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/orchestra --version")
  end
end
"""


if __name__ == "__main__":
    sys.exit(main())
