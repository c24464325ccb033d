"""What the double remembers, and how a test changes it. Every change moves the clock by at least a second."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

from support.github_double.records import (
    ACTIONS,
    Check,
    Comment,
    CommitStatus,
    Protection,
    Pull,
    Refused,
    Review,
    Run,
    Suite,
    Thread,
    Ticket,
)
from support.github_double.refs import Paper, Refs

CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)", re.IGNORECASE)
WRITERS = ("OWNER", "MEMBER", "COLLABORATOR")


class State:
    """One repository on GitHub, and its forks. Without `bare`, branches are made up by `push`."""

    def __init__(self, owner: str = "acme", repo: str = "widgets", bare: Refs | None = None) -> None:
        self.owner, self.repo = owner, repo
        self.refs: Refs = bare or Paper()
        self.forks: dict[str, Refs] = {}  # by their owner
        self.default_branch = "main"
        self.archived = self.disabled = False
        self.scopes: dict[str, str] = {}  # of classic tokens, as GitHub writes them into a header
        self.methods = {"squash", "merge"}  # of merging that the repository allows
        self.has_issues = True
        self.outside: set[str] = set()  # paths that GitHub's own diff of a pull request does not have
        self.readers: set[str] = set()  # logins that may not push
        self.guests: set[str] = set()  # logins that may open issues, and no more
        self.permissions: dict[str, str] = {}  # login -> admin, write, read, none: where association does not say it
        self.protection: dict[str, Protection] = {}  # by branch
        self.tickets: dict[int, Ticket] = {}
        self.deleted: set[int] = set()  # issues and pull requests that were
        self.checks: list[Check] = []
        self.statuses: list[CommitStatus] = []
        self.suites: list[Suite] = []
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

    def refs_of(self, owner: str) -> Refs:
        """The branches of the repository, or of the fork of that owner."""
        return self.forks[owner] if owner and owner != self.owner else self.refs

    def notice_pushes(self) -> None:
        """A push moves its open pull requests; deleting a branch closes them. Called before each answer."""
        for pull in self.pulls():
            refs = self.refs_of(pull.owner)
            heads = refs.heads()
            if pull.state == "open" and pull.head not in heads:
                self.close(pull.number)
            elif pull.state == "open" and pull.sha != heads[pull.head]:
                pull.sha, pull.updated = heads[pull.head], self.tick()
                for thread in pull.threads:
                    thread.outdated = True
                self.refs.take(refs, pull.sha)
                self.refs.keep(pull.number, pull.sha)

    def sha(self, ref: str) -> str:
        """A branch or a commit -> the commit."""
        name = ref.removeprefix("heads/")
        heads = [refs.heads().get(name) for refs in (self.refs, *self.forks.values())]
        sha = next((head for head in heads if head), ref)
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

    def protect(
        self,
        branch: str = "main",
        checks: tuple[str, ...] | list[str] = (),
        strict: bool = False,
        reviews: int = 0,
        conversations: bool = False,
        **more: Any,
    ) -> None:
        """Require checks, reviews and more before a merge into the branch."""
        self.protection[branch] = Protection(list(checks), strict, reviews, conversations, **more)

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
        """Open a pull request of `branch` or `owner:branch`, refused as GitHub refuses; its number."""
        owner, _, branch = head.rpartition(":")
        owner = "" if owner == self.owner else owner
        if owner and owner not in self.forks:
            raise self.invalid({"resource": "PullRequest", "field": "head", "code": "invalid"})
        theirs, heads = self.refs_of(owner).heads(), self.refs.heads()
        for name, value, there in (("head", branch, theirs), ("base", base, heads)):
            if value not in there:
                raise self.invalid({"resource": "PullRequest", "field": name, "code": "invalid"})
        same = [pull for pull in self.pulls() if (pull.owner, pull.head, pull.base) == (owner, branch, base)]
        if any(pull.state == "open" for pull in same):
            raise self.invalid(f"A pull request already exists for {owner or self.owner}:{branch}.")
        self.refs.take(self.refs_of(owner), theirs[branch])
        if not self.refs.ahead(heads[base], theirs[branch]):
            raise self.invalid(f"No commits between {base} and {branch}")
        now, number = self.tick(), max(self.tickets, default=0) + 1
        self.tickets[number] = Pull(
            number, title, body, author, "OWNER", [], now, now, head=branch, base=base, sha=theirs[branch], draft=draft,
            owner=owner,
        )  # fmt: skip
        self.refs.keep(number, theirs[branch])
        return number

    @staticmethod
    def invalid(error: dict[str, str] | str) -> Refused:
        given = {"resource": "PullRequest", "code": "custom", "message": error} if isinstance(error, str) else error
        return Refused(422, "Validation Failed", given)

    def edit(self, number: int, **changes: object) -> None:
        """Change title, body, state, labels, draft, assignees ... of an issue or a pull request."""
        ticket = self.ticket(number)
        state = changes.pop("state", None)
        for name, value in changes.items():
            setattr(ticket, name, value)
        ticket.updated = self.tick()
        if state and state != ticket.state:
            self.close(number) if state == "closed" else self.reopen(number)

    def close(self, number: int, by: str = "", reason: str | None = None) -> None:
        ticket = self.ticket(number)
        ticket.closed_by, ticket.reason = by, reason
        ticket.state, ticket.closed, ticket.updated = "closed", self.tick(), self.clock

    def delete(self, number: int) -> None:
        """Delete an issue, or a pull request, for good."""
        self.tickets.pop(number)
        self.deleted.add(number)

    def reopen(self, number: int) -> None:
        ticket = self.ticket(number)
        if isinstance(ticket, Pull) and (ticket.merged or ticket.head not in self.refs_of(ticket.owner).heads()):
            raise Refused(422, "Validation Failed", {"resource": "PullRequest", "field": "state", "code": "invalid"})
        ticket.state, ticket.closed, ticket.updated = "open", None, self.tick()

    def comment(self, number: int, body: str, author: str = "ann", association: str = "OWNER") -> int:
        ticket = self.ticket(number)
        ticket.updated = self.tick()
        ticket.comments.append(Comment(self.new_id(), author, association, body, self.clock, self.clock))
        return ticket.comments[-1].id

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """Edit a comment, an inline one, or a review's text, by its id."""
        ticket = self.ticket(number)
        said = [*ticket.comments]
        if isinstance(ticket, Pull):
            said += [*ticket.reviews, *(one for thread in ticket.threads for one in thread.comments)]
        for one in said:
            if one.id == comment:
                one.body, one.updated = body, self.tick()
        ticket.updated = self.clock

    def review(
        self, number: int, state: str = "APPROVED", body: str = "", author: str = "rob", association: str = "MEMBER"
    ) -> int:
        pull = self.pull(number)
        if author == pull.author and state != "COMMENTED":
            verb = "approve" if state == "APPROVED" else "request changes on"
            raise Refused(422, f"Can not {verb} your own pull request")
        pull.updated = self.tick()
        pull.requested = [login for login in pull.requested if login != author]
        pull.reviews.append(
            Review(self.new_id(), author, association, body, self.clock, self.clock, state=state, commit=pull.sha)
        )
        return pull.reviews[-1].id

    def dismiss(self, number: int, review: int) -> None:
        """Dismiss a review, by its id."""
        for one in self.pull(number).reviews:
            if one.id == review:
                one.state = "DISMISSED"
        self.pull(number).updated = self.tick()

    def review_comment(
        self,
        number: int,
        path: str,
        line: int,
        body: str,
        author: str = "rob",
        association: str = "MEMBER",
        start_line: int | None = None,
    ) -> int:
        """Open a review thread on a line or on several; the thread's id."""
        pull = self.pull(number)
        pull.updated = self.tick()
        comment = Comment(self.new_id(), author, association, body, self.clock, self.clock)
        pull.threads.append(Thread(self.new_id(), path, line, pull.sha, [comment], start_line=start_line))
        return pull.threads[-1].id

    def thread_reply(
        self, number: int, comment: int, body: str, author: str = "rob", association: str = "MEMBER"
    ) -> int:
        """Reply in the thread that holds this comment; the reply's id."""
        pull = self.pull(number)
        thread = next((one for one in pull.threads if comment in [said.id for said in one.comments]), None)
        if thread is None:
            raise Refused(404, "Not Found")
        pull.updated = self.tick()
        first = thread.comments[0].id
        thread.comments.append(Comment(self.new_id(), author, association, body, self.clock, self.clock, first))
        return thread.comments[-1].id

    def resolve(self, number: int, thread: int, resolved: bool = True, by: str = "") -> None:
        """Resolve a review thread, by its id. (GitHub does not move `updated_at` for it.)"""
        for one in self.pull(number).threads:
            if one.id == thread:
                one.resolved, one.resolved_by = resolved, by

    def add_check(
        self, ref: str, name: str = "test", conclusion: str | None = "success", status: str = "", app: str = "ci-app"
    ) -> int:
        """A check run of an app on a branch or a commit; conclusion None: still `status` (in_progress)."""
        sha = self.sha(ref)
        suite = next((one for one in self.suites if (one.sha, one.app) == (sha, app) and app != ACTIONS), None)
        return self._check(suite or self._suite(sha, app), name, conclusion, status).id

    def _suite(self, sha: str, app: str) -> Suite:
        self.suites.append(Suite(self.new_id(), sha, app, self.tick()))
        return self.suites[-1]

    def _check(self, suite: Suite, name: str, conclusion: str | None, status: str = "") -> Check:
        status = status or ("completed" if conclusion else "in_progress")
        # Within a suite a newer run of the same name replaces the older one in what GitHub shows (filter=latest).
        self.checks = [check for check in self.checks if (check.suite.id, check.name) != (suite.id, name)]
        self.checks.append(Check(self.new_id(), suite.sha, name, status, conclusion, self.tick(), suite))
        return self.checks[-1]

    def add_suite(self, ref: str, app: str, status: str = "queued") -> int:
        """A suite without a check, as GitHub makes one for each app that may write checks; its id."""
        suite = self._suite(self.sha(ref), app)
        suite.status = status
        return suite.id

    def add_status(self, ref: str, context: str = "ci/old", state: str = "success", description: str = "") -> int:
        """A commit status, as older CI reports; the latest of each context counts."""
        sha = self.sha(ref)
        self.statuses = [one for one in self.statuses if (one.sha, one.context) != (sha, context)]
        self.statuses.append(CommitStatus(self.new_id(), sha, context, state, description, self.tick()))
        return self.statuses[-1].id

    def add_run(
        self,
        branch: str,
        job: str = "test",
        conclusion: str | None = "success",
        log: str = "",
        workflow: str = "CI",
        event: str = "pull_request",
    ) -> int:
        """An Actions run of one job on the branch's head, with its check run and its log; the run's id.

        Without a `job` it has none yet, and is queued.
        """
        suite = self._suite(self.sha(branch), ACTIONS)
        run = Run(self.new_id(), workflow, branch, suite.sha, self.tick(), suite, event)
        self.runs.append(run)
        if job:
            self.add_job(run.id, job, conclusion, log)
        else:
            suite.status = "queued"
        return run.id

    def run(self, run: int) -> Run:
        return next(one for one in self.runs if one.id == run)

    def add_job(self, run: int, name: str, conclusion: str | None = "success", log: str = "", status: str = "") -> int:
        """A job of a run, or a newer attempt of it; the job's id."""
        found = self.run(run)
        check = self._check(found.suite, name, conclusion, status)
        check.log = log
        found.jobs = [*(job for job in found.jobs if job.name != name), check]
        return check.id

    def set_run(self, run: int, status: str = "", conclusion: str | None = None) -> None:
        """Say how a run is: empty: as its jobs are. action_required: it waits for an approval."""
        suite = self.run(run).suite
        suite.status, suite.conclusion = status, conclusion
        self.tick()

    def merge(self, number: int, method: str = "squash", sha: str | None = None) -> str:
        """Merge as a user does; the new commit. Issues that the text says it closes are closed."""
        self.notice_pushes()
        pull, heads = self.pull(number), self.refs.heads()
        mergeable = pull.state == "open" and not pull.draft and self.refs.clean(heads[pull.base], pull.sha)
        if not mergeable:
            raise Refused(405, "Pull Request is not mergeable")
        if sha not in (None, pull.sha):
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        if method not in self.methods:
            raise Refused(405, f"{method.title()} merges are not allowed on this repository.")
        message = f"{pull.title} (#{number})" if method == "squash" else f"Merge pull request #{number}"
        pull.merge_sha = self.refs.merge(pull.base, pull.sha, message, method != "merge")
        pull.merged = self.tick()
        self.close(number)
        if pull.base == self.default_branch:
            for found in CLOSES.findall(pull.body or ""):
                if self.tickets.get(int(found), pull).state == "open":
                    self.close(int(found))
        return pull.merge_sha

    def update_branch(self, number: int) -> str:
        """Merge the base into the head, as the button does; the new commit."""
        pull = self.pull(number)
        base, refs = self.refs.heads()[pull.base], self.refs_of(pull.owner)
        if not self.refs.clean(base, pull.sha):
            raise Refused(422, "merge conflict between base and head")
        if self.refs.ahead(pull.sha, base) == 0:
            raise Refused(422, "There are no new commits on the base branch.")
        refs.take(self.refs, base)
        commit = refs.merge(pull.head, base, f"Merge branch '{pull.base}' into {pull.head}", squash=False)
        self.notice_pushes()
        return commit

    def delete_branch(self, branch: str) -> None:
        """Delete a branch of the repository."""
        if branch not in self.refs.heads():
            raise Refused(422, "Reference does not exist")
        self.refs.delete(branch)

    def mergeable(self, pull: Pull) -> bool | None:
        """As GitHub says it: None while not computed."""
        base = self.refs.heads().get(pull.base)
        if pull.state != "open" or not pull.mergeable_known or base is None:
            return None
        return self.refs.clean(base, pull.sha)
