"""What the double remembers, and how a test changes it. Every change moves the clock by at least a second."""

from __future__ import annotations

import re
import threading
import time

from support.github_double.records import Check, Comment, CommitStatus, Pull, Refused, Review, Run, Thread, Ticket
from support.github_double.refs import Paper, Refs

CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)", re.IGNORECASE)


class State:
    """One repository on GitHub. Without `bare`, branches are made up by `push`."""

    def __init__(self, owner: str = "acme", repo: str = "widgets", bare: Refs | None = None) -> None:
        self.owner, self.repo = owner, repo
        self.refs: Refs = bare or Paper()
        self.default_branch = "main"
        self.tickets: dict[int, Ticket] = {}
        self.checks: list[Check] = []
        self.statuses: list[CommitStatus] = []
        self.runs: list[Run] = []
        self.lock = threading.RLock()
        self.clock = int(time.time()) - 3600  # behind the wall clock, so that the ticks never run ahead of it
        self.last_id = 1000

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def ticket(self, number: int) -> Ticket:
        if number not in self.tickets:
            raise Refused(404, "Not Found")
        return self.tickets[number]

    def pull(self, number: int) -> Pull:
        ticket = self.ticket(number)
        if not isinstance(ticket, Pull):
            raise Refused(404, "Not Found")
        return ticket

    def pulls(self) -> list[Pull]:
        return [ticket for ticket in self.tickets.values() if isinstance(ticket, Pull)]

    def notice_pushes(self) -> None:
        """A push moves its open pull requests; deleting a branch closes them. Called before each answer."""
        heads = self.refs.heads()
        for pull in self.pulls():
            if pull.state == "open" and pull.head not in heads:
                self.close(pull.number)
            elif pull.state == "open" and pull.sha != heads[pull.head]:
                pull.sha, pull.updated = heads[pull.head], self.tick()

    def sha(self, ref: str) -> str:
        """A branch or a commit -> the commit."""
        sha = self.refs.heads().get(ref.removeprefix("heads/"), ref)
        if not re.fullmatch(r"[0-9a-f]{40}", sha):
            raise Refused(422, f"No commit found for SHA: {ref}")
        return sha

    # What people and programs do.

    def block(self, number: int, by: int) -> None:
        """Mark an issue as blocked by another."""
        self.ticket(by)
        self.ticket(number).blocked_by.append(by)
        self.ticket(number).updated = self.tick()

    def add_sub_issue(self, number: int, child: int) -> None:
        """Make an issue a sub-issue of another."""
        self.ticket(child)
        self.ticket(number).sub_issues.append(child)
        self.ticket(number).updated = self.tick()

    def push(self, branch: str) -> str:
        """Move a made-up branch (in a bare repository, push with git); its new commit."""
        assert isinstance(self.refs, Paper), "this double has a real repository: push with git"
        return self.refs.push(branch)

    def add_issue(
        self,
        title: str = "Add dark mode",
        body: str | None = "",
        author: str = "ann",
        association: str = "OWNER",
        labels: tuple[str, ...] = (),
        number: int | None = None,
    ) -> int:
        now, number = self.tick(), number or max(self.tickets, default=0) + 1
        self.tickets[number] = Ticket(number, title, body, author, association, list(labels), now, now)
        return number

    def add_pull(
        self,
        head: str,
        base: str = "main",
        title: str = "Add dark mode",
        body: str = "",
        author: str = "ann",
        draft: bool = False,
    ) -> int:
        """Open a pull request, refused as GitHub refuses; its number."""
        heads, branch = self.refs.heads(), head.removeprefix(f"{self.owner}:")
        for name, value in (("head", branch), ("base", base)):
            if value not in heads:
                raise self.invalid({"resource": "PullRequest", "field": name, "code": "invalid"})
        if any(pull.head == branch and pull.base == base and pull.state == "open" for pull in self.pulls()):
            raise self.invalid(f"A pull request already exists for {self.owner}:{branch}.")
        if not self.refs.ahead(heads[base], heads[branch]):
            raise self.invalid(f"No commits between {base} and {branch}")
        now, number = self.tick(), max(self.tickets, default=0) + 1
        self.tickets[number] = Pull(
            number, title, body, author, "OWNER", [], now, now, head=branch, base=base, sha=heads[branch], draft=draft
        )
        return number

    @staticmethod
    def invalid(error: dict[str, str] | str) -> Refused:
        given = {"resource": "PullRequest", "code": "custom", "message": error} if isinstance(error, str) else error
        return Refused(422, "Validation Failed", given)

    def edit(self, number: int, **changes: object) -> None:
        """Change title, body, state, labels ... of an issue or a pull request."""
        ticket = self.ticket(number)
        state = changes.pop("state", None)
        for name, value in changes.items():
            setattr(ticket, name, value)
        ticket.updated = self.tick()
        if state and state != ticket.state:
            self.close(number) if state == "closed" else self.reopen(number)

    def close(self, number: int) -> None:
        ticket = self.ticket(number)
        ticket.state, ticket.closed, ticket.updated = "closed", self.tick(), self.clock

    def reopen(self, number: int) -> None:
        ticket = self.ticket(number)
        if isinstance(ticket, Pull) and (ticket.merged or ticket.head not in self.refs.heads()):
            raise Refused(422, "Validation Failed", {"resource": "PullRequest", "field": "state", "code": "invalid"})
        ticket.state, ticket.closed, ticket.updated = "open", None, self.tick()

    def comment(self, number: int, body: str, author: str = "ann", association: str = "OWNER") -> int:
        ticket = self.ticket(number)
        ticket.updated = self.tick()
        ticket.comments.append(Comment(self.new_id(), author, association, body, self.clock))
        return ticket.comments[-1].id

    def review(
        self, number: int, state: str = "APPROVED", body: str = "", author: str = "rob", association: str = "MEMBER"
    ) -> int:
        pull = self.pull(number)
        if author == pull.author and state != "COMMENTED":
            verb = "approve" if state == "APPROVED" else "request changes on"
            raise Refused(422, f"Can not {verb} your own pull request")
        pull.updated = self.tick()
        pull.reviews.append(Review(self.new_id(), author, association, body, self.clock, state, pull.sha))
        return pull.reviews[-1].id

    def dismiss(self, number: int, review: int) -> None:
        """Dismiss a review, by its id."""
        for one in self.pull(number).reviews:
            if one.id == review:
                one.state = "DISMISSED"
        self.pull(number).updated = self.tick()

    def review_comment(
        self, number: int, path: str, line: int, body: str, author: str = "rob", association: str = "MEMBER"
    ) -> int:
        """Open a review thread on a line; the thread's id."""
        pull = self.pull(number)
        pull.updated = self.tick()
        comment = Comment(self.new_id(), author, association, body, self.clock)
        pull.threads.append(Thread(self.new_id(), path, line, pull.sha, [comment]))
        return pull.threads[-1].id

    def resolve(self, number: int, thread: int, resolved: bool = True) -> None:
        """Resolve a review thread, by its id. (GitHub does not move `updated_at` for it.)"""
        for one in self.pull(number).threads:
            if one.id == thread:
                one.resolved = resolved

    def add_check(self, ref: str, name: str = "test", conclusion: str | None = "success", status: str = "") -> int:
        """A check run on a branch or a commit; conclusion None: still `status` (in_progress)."""
        status = status or ("completed" if conclusion else "in_progress")
        # A newer run of the same name replaces the older one in what GitHub shows (filter=latest).
        sha = self.sha(ref)
        self.checks = [check for check in self.checks if (check.sha, check.name) != (sha, name)]
        self.checks.append(Check(self.new_id(), sha, name, status, conclusion, self.tick()))
        return self.checks[-1].id

    def add_status(self, ref: str, context: str = "ci/old", state: str = "success", description: str = "") -> int:
        """A commit status, as older CI reports; the latest of each context counts."""
        sha = self.sha(ref)
        self.statuses = [one for one in self.statuses if (one.sha, one.context) != (sha, context)]
        self.statuses.append(CommitStatus(self.new_id(), sha, context, state, description, self.tick()))
        return self.statuses[-1].id

    def add_run(self, branch: str, job: str = "test", conclusion: str | None = "success", log: str = "") -> int:
        """An Actions run of one job on the branch's head, with its check run and its log; the run's id."""
        check = self.add_check(branch, job, conclusion)
        found = next(one for one in self.checks if one.id == check)
        found.log = log
        self.runs.append(Run(self.new_id(), "CI", branch, found.sha, self.tick(), found))
        return self.runs[-1].id

    def merge(self, number: int, method: str = "squash", sha: str | None = None) -> str:
        """Merge as a person does; the new commit. Issues that the text says it closes are closed."""
        self.notice_pushes()
        pull, heads = self.pull(number), self.refs.heads()
        mergeable = pull.state == "open" and not pull.draft and self.refs.clean(heads[pull.base], pull.sha)
        if not mergeable:
            raise Refused(405, "Pull Request is not mergeable")
        if sha not in (None, pull.sha):
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        if method not in ("squash", "merge"):
            raise Refused(405, f"{method.title()} merges are not allowed on this repository.")
        message = f"{pull.title} (#{number})" if method == "squash" else f"Merge pull request #{number}"
        pull.merge_sha = self.refs.merge(pull.base, pull.sha, message, method == "squash")
        pull.merged = self.tick()
        self.close(number)
        if pull.base == self.default_branch:
            for found in CLOSES.findall(pull.body or ""):
                if self.tickets.get(int(found), pull).state == "open":
                    self.close(int(found))
        return pull.merge_sha

    def mergeable(self, pull: Pull) -> bool | None:
        """As GitHub says it: None while not computed."""
        base = self.refs.heads().get(pull.base)
        if pull.state != "open" or not pull.mergeable_known or base is None:
            return None
        return self.refs.clean(base, pull.sha)
