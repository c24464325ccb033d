"""Issues and pull requests of one GitHub repository as our nouns. Nothing here ever merges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from orchestra.core import pull_text
from orchestra.core.blockers import Blocker, named_in
from orchestra.core.models import MEMBERS, Issue
from orchestra.core.pull_request import Pull
from orchestra.core.pull_text import Wanted
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean, is_id
from orchestra.errors import OrchestraError, UsageError
from orchestra.github import responses
from orchestra.github.client import ApiClient
from orchestra.github.operations import Operations
from orchestra.github.responses import Invalid, Missing

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = regex(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)


def api_base(host: str, configured: str | None, environ: Mapping[str, str]) -> str:
    """The address of a host's API: `github.api_url`, GITHUB_API_URL, or what follows from the remote's host."""
    given = configured or environ.get("GITHUB_API_URL", "")
    if given:
        if not _is_safe(given):
            raise UsageError(
                f"the GitHub API address {clean(given)} is not an https:// address",
                "correct github.api_url in the config, or GITHUB_API_URL",
            )
        return given.rstrip("/")
    host = host.lower()
    if _HOST.fullmatch(host) is None:
        raise UsageError(f"{clean(host) or 'an empty text'} is not a host name", "git remote get-url origin shows it")
    if host in ("github.com", "www.github.com", "ssh.github.com"):
        return "https://api.github.com"
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"


class Opened(Record):
    """A pull request that was opened or brought up to date. `kept`: what stays as others wrote it."""

    pull: Pull
    url: str
    kept: tuple[str, ...] = ()
    is_new: bool = False


class GitHubTracker:
    """One repository, asked through `client`.

    Every function raises OrchestraError where GitHub refuses, Unreachable where it gives no sensible answer, and
    Limited, without asking, until the time that GitHub has named.
    """

    problems: tuple[str, ...] = ()  # GitHub gives no issue that cannot be read

    def __init__(
        self, client: ApiClient, now: Callable[[], float], fork_of: Callable[[str], str | None] = lambda _: None
    ) -> None:
        """`fork_of`: the repository that a branch is pushed to, `me/widgets`; None: to this one."""
        self.client, self.address, self._now, self._fork_of = client, client.address, now, fork_of
        self._owner, _, repo = self.address.slug.rpartition("/")
        self._operations = Operations(client, self._owner, repo)

    def issue(self, number: str) -> Issue:
        """The issue, open or closed."""
        if not is_id(number):
            raise UsageError(f"{clean(number, 40)} is not an issue number", "orchestra issues lists them")
        try:
            answer = self._operations.ask("issues.get", issue_number=int(number))
        except Missing as missing:
            if "disabled" in missing.message:
                raise
            self._operations.ask("repos.get")  # says so itself when it is the repository that is missing
            raise OrchestraError(
                f"there is no issue #{number} in {self.address.slug}", "orchestra issues lists the open ones"
            ) from None
        if responses.optional(answer, dict, "pull_request"):
            raise OrchestraError(f"#{number} is a pull request, not an issue", "orchestra issues lists the open issues")
        issue = responses.issue(answer, self.address)
        if issue.number != number or not self._is_here(responses.repository_of(answer)):
            raise OrchestraError(f"issue #{number} has moved to another repository", f"see {self.address.web}/issues")
        return issue

    def _is_here(self, slug: str) -> bool:
        """Whether `slug` is this repository. A redirect leads to where an issue was moved, and to a renamed one."""
        if slug.lower() in ("", self.address.slug.lower()):
            return True
        return slug.lower() == responses.required(self._operations.ask("repos.get"), str, "full_name").lower()

    def issues(self) -> tuple[Issue, ...]:
        """The open issues, newest first: of at most a thousand rows, pull requests among them."""
        rows = self._operations.pages("issues.list_for_repo", state="open")
        return tuple(
            responses.issue(row, self.address) for row in rows if not responses.optional(row, dict, "pull_request")
        )

    def search(self, text: str) -> tuple[Issue, ...]:
        """The open issues of this repository that a text in GitHub's search language finds."""
        query = f"repo:{self.address.slug} is:issue is:open {text}"
        rows = self._operations.pages("search.issues_and_pull_requests", key="items", q=query)
        return tuple(
            responses.issue(row, self.address)
            for row in rows
            if not responses.optional(row, dict, "pull_request") and self._is_here(responses.repository_of(row))
        )

    def blockers(self, issue: Issue) -> tuple[Blocker, ...]:
        """The open issues that must be closed before the work on this one can begin, and who says so.

        GitHub's dependencies and sub-issues, then what members of the repository have written: in the issue, in its
        task list, in a comment. An outsider's text blocks nothing. What a server does not know is left out.
        """
        found: dict[str, Blocker] = {}
        if issue.blocked_by != 0:
            for row in self._listed("issues.list_dependencies_blocked_by", issue):
                self._add(found, row, "its dependencies on GitHub")
        if issue.sub_issues != 0:
            for row in self._listed("issues.list_sub_issues", issue):
                self._add(found, row, "its sub-issues on GitHub")
        for named in self._named(issue):
            if named.number not in found and named.number != issue.number and self._is_open(named.number):
                found[named.number] = named
        return tuple(found.values())

    def _listed(self, operation: str, issue: Issue) -> list[dict[str, Any]]:
        try:
            return self._operations.pages(operation, issue_number=int(issue.number))
        except Missing:
            return []  # an older GitHub Enterprise has neither of the two

    def _add(self, found: dict[str, Blocker], row: Any, source: str) -> None:
        if responses.required(row, str, "state") == "open":
            slug, number = responses.repository_of(row), str(responses.required(row, int, "number"))
            name = number if slug.lower() in ("", self.address.slug.lower()) else f"{slug}#{number}"
            found.setdefault(name, Blocker(name, source))

    def _named(self, issue: Issue) -> Iterator[Blocker]:
        if issue.association in MEMBERS:
            yield from named_in(issue.body, self.address.slug)
        for row in self._listed("issues.list_comments", issue) if issue.comments != 0 else ():
            if responses.optional(row, str, "author_association") in MEMBERS:
                author = clean(responses.optional(row, str, "user", "login") or "", 60)
                for named in named_in(responses.optional(row, str, "body") or "", self.address.slug):
                    yield named._replace(source=f"a comment of {author}")

    def _is_open(self, number: str) -> bool:
        """Whether an issue or a pull request that a text names is open; one that does not exist blocks nothing."""
        if not is_id(number):  # of another repository, which the token may not see
            return False
        try:
            answer = self._operations.ask("issues.get", issue_number=int(number))
        except Missing:
            return False
        return responses.required(answer, str, "state") == "open"

    def login(self) -> str:
        """Whose token it is."""
        return responses.required(self._operations.ask("users.get_authenticated"), str, "login")

    def open_pull(self, head: str, base: str, wanted: Wanted, *, draft: bool = False) -> Opened:
        """Open the pull request of branch `head`, or bring the open one up to date.

        Of an open one the title and text that somebody else wrote stay. Its checks are not asked here, and until
        somebody does they count as pending.
        """
        fork = self._fork_of(head)
        found = self._open_pull_of(head, base, fork)
        if found is None:
            try:
                new = pull_text.opened(wanted)
                text: dict[str, Any] = {"title": new.title, "body": new.text, **({"draft": True} if draft else {})}
                made = self._operations.ask("pulls.create", **self._head(head, fork), base=base, **text)
                return Opened(*self._seen(made), new.kept, is_new=True)
            except Invalid as refused:  # made by our own request, whose answer was lost; or the owner has a new name
                found = self._open_pull_of(head, base, fork, renamed=True) if refused.says("already exists") else None
                if found is None:
                    raise self._why_no_pull(refused, head, base, fork) from None
        title, body = responses.optional(found, str, "title") or "", responses.optional(found, str, "body") or ""
        new = pull_text.revised(title, body, wanted)
        changed = {
            key: value for key, old, value in (("title", title, new.title), ("body", body, new.text)) if old != value
        }
        number = responses.required(found, int, "number")
        answer = self._operations.ask("pulls.update", pull_number=number, **changed) if changed else found
        return Opened(*self._seen(answer), new.kept)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Label an issue or a pull request."""
        self._operations.ask("issues.add_labels", issue_number=number, labels=list(labels))

    def ask_for_review(self, number: int, reviewers: Sequence[str]) -> None:
        """Ask people, and teams (`org/team`), to review a pull request."""
        names = [name.removeprefix("@") for name in reviewers]
        people, teams = [one for one in names if "/" not in one], [one.partition("/")[2] for one in names if "/" in one]
        asked = {key: rows for key, rows in (("reviewers", people), ("team_reviewers", teams)) if rows}
        self._operations.ask("pulls.request_reviewers", pull_number=number, **asked)

    def assign(self, number: str, login: str) -> None:
        """Assign an issue."""
        self._operations.ask("issues.add_assignees", issue_number=int(number), assignees=[login])

    def update_branch(self, number: int, head: str) -> None:
        """Have GitHub merge the base into a pull request's branch, unless its head is not `head` any more."""
        self._operations.ask("pulls.update_branch", pull_number=number, expected_head_sha=head)

    def retarget(self, number: int, base: str) -> None:
        """Let an open pull request go into another branch."""
        self._operations.ask("pulls.update", pull_number=number, base=base)

    def close_pull(self, number: int) -> None:
        """Close an open pull request without a merge; its branch stays."""
        self._operations.ask("pulls.update", pull_number=number, state="closed")

    def _seen(self, answer: Any) -> tuple[Pull, str]:
        pull = responses.pull(answer, self._now())
        return pull, f"{self.address.web}/pull/{pull.number}"

    def _head(self, branch: str, fork: str | None) -> dict[str, str]:
        """How GitHub is told the head: a fork by its owner, and by its name where both have one owner."""
        if fork is None:
            return {"head": branch}
        owner, _, name = fork.partition("/")
        label = {"head": f"{owner}:{branch}"}
        return {**label, "head_repo": name} if owner.lower() == self._owner.lower() else label

    def _open_pull_of(self, head: str, base: str, fork: str | None, *, renamed: bool = False) -> dict[str, Any] | None:
        rows = self._pulls_of(head, fork, renamed=renamed)
        return next(
            (row for row in rows if responses.required(row, str, "base", "ref") == base), rows[0] if rows else None
        )

    def _pulls_of(self, head: str, fork: str | None, *, renamed: bool) -> list[dict[str, Any]]:
        """Open pull requests of this very branch, newest first; another fork's may have the same name.

        `renamed`: ask by the name that the owner has now. GitHub follows an old name in a path, not in a query.
        """
        owner = (fork or self.address.slug).partition("/")[0]
        if renamed:
            operations = Operations(self.client, *(fork or self.address.slug).split("/", 1))
            owner = responses.required(operations.ask("repos.get"), str, "owner", "login")
        rows = self._operations.pages("pulls.list", head=f"{owner}:{head}", state="open")
        return [row for row in rows if responses.is_head(row, head, fork, owner)]

    def _why_no_pull(self, refused: Invalid, head: str, base: str, fork: str | None) -> OrchestraError:
        name, head, base = self.address.name, clean(head), clean(base)
        if refused.says("no commits between"):
            return OrchestraError(f"there are no commits between {base} and {head}", "commit the work, then ship again")
        if refused.says("head invalid"):
            if fork is None:
                hint = "push it, then ship again; orchestra doctor says where branches are pushed to"
                return OrchestraError(f"{name} has no branch {head}", hint)
            return OrchestraError(
                f"{name} has no branch {head} in {clean(fork)} that can go into {self.address.slug}",
                f"is it a fork of {self.address.slug}? orchestra doctor says where branches are pushed to",
            )
        if refused.says("base invalid"):
            return OrchestraError(f"{name} has no branch {base}", "correct base in orchestra.yaml")
        return refused


def _is_safe(url: str) -> bool:
    """True for an address that a token may be sent to: https, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
