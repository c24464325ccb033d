"""The rules for commits and titles that a repository shows in its files, and what breaks them. Pure.

A check on GitHub would say so minutes after the push: `worker ship` says it before. Only what a file states is a rule;
prose is not. Standard library only.
"""

from __future__ import annotations

import re

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_NAMES = 5  # commits that are named
HEADER = 100  # characters of a subject, by @commitlint/config-conventional


class Rules(Record):
    """The file that states each rule; empty where none does."""

    signoff: str = ""
    conventional: str = ""
    header: str = ""  # the subject's length is limited
    title: str = ""  # of the pull request


class Commit(Record):
    """One commit of the branch that is not a merge."""

    sha: str
    email: str  # of its author
    message: str

    @property
    def subject(self) -> str:
        """Its first line."""
        return self.message.partition("\n")[0]


class Fault(Record):
    """What breaks a rule, and what to do."""

    what: str
    hint: str


_COMMITLINT = regex(r"(?:commitlint\.config\.[cm]?[jt]s|\.commitlintrc(?:\.(?:json|ya?ml|[cm]?[jt]s))?)")
_WORKFLOW = regex(r"\.github/workflows/[^/]+\.ya?ml")
_DCO_APP = regex(r"\.github/dco\.ya?ml")
_SEMANTIC_APP = regex(r"\.github/semantic\.ya?ml")
_USES_DCO = regex(r"^\s*-?\s*uses:\s*\S*\bdco\b", re.IGNORECASE | re.MULTILINE)
_USES_TITLE = regex(r"^\s*-?\s*uses:\s*\S*semantic-pull-request", re.IGNORECASE | re.MULTILINE)
_USES_COMMITLINT = regex(r"^\s*-?\s*uses:\s*\S*commitlint", re.IGNORECASE | re.MULTILINE)
_SIGNOFF_RULE = regex(
    r"signed-off-by[\"']?\s*:\s*\[\s*2|contrib-body-requires-signed-off-by|^contrib\s*=.*\bCC1\b", re.MULTILINE
)
_GITLINT_TITLE = regex(r"contrib-title-conventional-commits|^contrib\s*=.*\bCT1\b", re.MULTILINE)
_CONVENTIONAL_HOOK = regex(r"conventional-pre-commit|id:\s*commitizen\b")
_CONVENTIONAL_CONFIG = regex(r"config-(?:conventional|angular)\b")
_OTHER_COMMITIZEN = regex(r"\[tool\.commitizen\][^\[]*?^name\s*=\s*[\"'](?!cz_conventional_commits)", re.MULTILINE)
_NO_TITLE = regex(r"^\s*(?:enabled:\s*false|commitsOnly:\s*true)\b|headerPattern", re.MULTILINE)
_COMMENT = regex(r"^\s*(?:#|//).*$", re.MULTILINE)

_CONVENTIONAL = regex(r"\w+(?:\([^()\r\n]+\))?!?: \S.*")
_LEFT_ALONE = regex(r"(?:Merge|Revert|fixup!|squash!|amend!|Initial commit|v?\d+\.\d+\.\d+)\b", re.IGNORECASE)
_SIGNED = regex(r"^Signed-off-by: .*<([^<>]+)>\s*$", re.IGNORECASE | re.MULTILINE)


def may_state(path: str) -> bool:
    """Whether a file may state one of these rules."""
    named = (_COMMITLINT, _WORKFLOW, _DCO_APP, _SEMANTIC_APP)
    return path in ("package.json", "pyproject.toml", ".gitlint", ".pre-commit-config.yaml") or any(
        one.fullmatch(path) for one in named
    )


def rules_of(files: Mapping[str, str]) -> Rules:
    """The rules that these files (by path) state. What a configuration of a team's own asks for is not known."""
    said = {path: _COMMENT.sub("", text) for path, text in sorted(files.items())}
    configs = [text for path, text in said.items() if _COMMITLINT.fullmatch(path)]
    own_form = bool(configs) and not any(map(_CONVENTIONAL_CONFIG.search, configs))
    own_form |= _OTHER_COMMITIZEN.search(said.get("pyproject.toml", "")) is not None
    found: dict[str, str] = {}
    for path, text in said.items():
        for rule in _stated(path, text):
            if rule != "conventional" or not own_form:
                found.setdefault(rule, path)
    return Rules(**found)


def _stated(path: str, text: str) -> Iterable[str]:
    """The rules that one file states."""
    if _WORKFLOW.fullmatch(path):
        yield from ["signoff"] if _USES_DCO.search(text) else []
        yield from ["title"] if _USES_TITLE.search(text) and not _NO_TITLE.search(text) else []
        yield from ["conventional"] if _USES_COMMITLINT.search(text) else []
    elif _DCO_APP.fullmatch(path):
        yield "signoff"
    elif _SEMANTIC_APP.fullmatch(path):
        yield from [] if _NO_TITLE.search(text) else ["title"]
    elif path == ".pre-commit-config.yaml":
        yield from ["conventional"] if _CONVENTIONAL_HOOK.search(text) else []
    elif path == ".gitlint":
        yield from ["signoff"] if _SIGNOFF_RULE.search(text) else []
        yield from ["conventional"] if _GITLINT_TITLE.search(text) else []
    elif _COMMITLINT.fullmatch(path) or '"commitlint"' in text:  # in package.json: not only a package that is there
        yield from ["signoff"] if _SIGNOFF_RULE.search(text) else []
        if _CONVENTIONAL_CONFIG.search(text):
            yield "conventional"
            yield from [] if "header-max-length" in text else ["header"]


def faults(rules: Rules, commits: Iterable[Commit], start: str, title: str | None) -> list[Fault]:
    """What breaks the rules. `start`: the commit that the branch began at; `title`: the one that this ship writes."""
    everything, found = list(commits), []
    rows = [one for one in everything if not _LEFT_ALONE.match(one.subject)]
    unsigned = [one for one in everything if one.email.lower() not in map(str.lower, _SIGNED.findall(one.message))]
    if rules.signoff and unsigned:
        what = f"not signed off by their author, as {rules.signoff} asks: {_named(unsigned)}"
        found.append(Fault(what, f"git rebase --signoff {start[:12]}, then ship again"))
    other = [one for one in rows if rules.conventional and not _CONVENTIONAL.fullmatch(one.subject)]
    other += [one for one in rows if rules.header and one not in other and len(one.subject) > HEADER]
    if other:
        what = f"commit messages that {rules.conventional or rules.header} does not allow: {_named(other)}"
        hint = f"reword them as `type(scope): subject`, of {HEADER} characters at most, then ship again"
        found.append(Fault(what, hint))
    if rules.title and title is not None and not _CONVENTIONAL.fullmatch(title):
        what = f'the title "{clean(title, 80)}" is not one that {rules.title} allows'
        found.append(Fault(what, 'ship with --title "type: what changed"'))
    return found


def _named(commits: list[Commit]) -> str:
    shown = ", ".join(f'{one.sha[:7]} "{clean(one.subject, 60)}"' for one in commits[:MOST_NAMES])
    return shown + (f" and {len(commits) - MOST_NAMES} more" if len(commits) > MOST_NAMES else "")
