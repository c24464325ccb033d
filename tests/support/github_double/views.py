"""State -> GitHub's JSON. `shape` fills in the keys that nothing here has an opinion on."""

from __future__ import annotations

from typing import Any

from support.github_double.records import Check, Comment, CommitStatus, Pull, Review, Run, Thread, Ticket
from support.github_double.spec import spec
from support.github_double.state import State

Json = dict[str, Any]


def when(seconds: int | None) -> str | None:
    import time

    return None if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Views:
    """One repository's answers. `api` and `web` are the addresses that they are full of."""

    def __init__(self, state: State, api: str, web: str) -> None:
        self.state = state
        self.slug = f"{state.owner}/{state.repo}"
        self.api, self.web = f"{api}/repos/{self.slug}", f"{web}/{self.slug}"

    def user(self, login: str) -> Json:
        return spec().shape("simple-user", login=login, id=sum(login.encode()), type="User")

    def repository(self, schema: str = "full-repository") -> Json:
        state = self.state
        return spec().shape(
            schema, name=state.repo, full_name=self.slug, owner=self.user(state.owner), private=True, id=1296269,
            url=self.api, html_url=self.web, default_branch=state.default_branch,
        )  # fmt: skip

    def issue(self, ticket: Ticket) -> Json:
        tickets = self.state.tickets
        blocking = sum(ticket.number in other.blocked_by for other in tickets.values())
        children = [tickets[number] for number in ticket.sub_issues]
        done = sum(child.state == "closed" for child in children)
        url = f"{self.api}/issues/{ticket.number}"
        kind = "pull" if isinstance(ticket, Pull) else "issues"
        shown = spec().shape(
            "issue", number=ticket.number, id=ticket.number * 100, title=ticket.title, body=ticket.body,
            state=ticket.state, user=self.user(ticket.author), author_association=ticket.association, url=url,
            labels=[self.label(name) for name in ticket.labels], comments=len(ticket.comments),
            html_url=f"{self.web}/{kind}/{ticket.number}", comments_url=f"{url}/comments", repository_url=self.api,
            created_at=when(ticket.created), updated_at=when(ticket.updated), closed_at=when(ticket.closed),
            issue_dependencies_summary={
                "blocked_by": sum(tickets[number].state == "open" for number in ticket.blocked_by),
                "total_blocked_by": len(ticket.blocked_by), "blocking": blocking, "total_blocking": blocking,
            },
            sub_issues_summary={
                "total": len(children), "completed": done, "percent_completed": done * 100 // max(1, len(children)),
            },
        )  # fmt: skip
        if isinstance(ticket, Pull):
            html, merged = shown["html_url"], when(ticket.merged)
            pull = f"{self.api}/pulls/{ticket.number}"
            shown["pull_request"] = {
                "url": pull, "html_url": html, "diff_url": f"{html}.diff", "patch_url": f"{html}.patch",
                "merged_at": merged,
            }  # fmt: skip
            shown["draft"] = ticket.draft
        return shown

    def label(self, name: str) -> Json:
        return spec().shape("label", name=name, id=sum(name.encode()), color="ededed")

    def side(self, branch: str, sha: str) -> Json:
        owner = self.state.owner
        repository = self.repository("repository")
        return {
            "label": f"{owner}:{branch}", "ref": branch, "sha": sha, "user": self.user(owner), "repo": repository
        }  # fmt: skip

    def pull(self, pull: Pull, *, whole: bool) -> Json:
        """A pull request: `whole` as GET and POST answer it, otherwise as the listing does (no mergeable)."""
        html = f"{self.web}/pull/{pull.number}"
        base_sha = self.state.refs.heads().get(pull.base, "0" * 40)
        shown = spec().shape(
            "pull-request" if whole else "pull-request-simple",
            number=pull.number, id=pull.number * 100, title=pull.title, body=pull.body, state=pull.state,
            user=self.user(pull.author), author_association=pull.association, draft=pull.draft,
            labels=[self.label(name) for name in pull.labels], url=f"{self.api}/pulls/{pull.number}", html_url=html,
            head=self.side(pull.head, pull.sha), base=self.side(pull.base, base_sha),
            created_at=when(pull.created), updated_at=when(pull.updated), closed_at=when(pull.closed),
            merged_at=when(pull.merged), merge_commit_sha=pull.merge_sha,
        )  # fmt: skip
        if whole:
            mergeable = self.state.mergeable(pull)
            word = {True: "clean", False: "dirty", None: "unknown"}[mergeable]
            shown |= {"merged": pull.merged is not None, "mergeable": mergeable, "mergeable_state": word}
            shown |= {"comments": len(pull.comments), "review_comments": sum(len(one.comments) for one in pull.threads)}
            shown |= {"merged_by": self.user("ann") if pull.merged else None}
        return shown

    def review(self, pull: Pull, review: Review) -> Json:
        return spec().shape(
            "pull-request-review", id=review.id, user=self.user(review.author), body=review.body, state=review.state,
            commit_id=review.commit, author_association=review.association, submitted_at=when(review.at),
            html_url=f"{self.web}/pull/{pull.number}#pullrequestreview-{review.id}",
        )  # fmt: skip

    def comment(self, ticket: Ticket, comment: Comment) -> Json:
        kind = "pull" if isinstance(ticket, Pull) else "issues"
        return spec().shape(
            "issue-comment", id=comment.id, user=self.user(comment.author), body=comment.body,
            author_association=comment.association, created_at=when(comment.at), updated_at=when(comment.at),
            html_url=f"{self.web}/{kind}/{ticket.number}#issuecomment-{comment.id}",
            issue_url=f"{self.api}/issues/{ticket.number}", url=f"{self.api}/issues/comments/{comment.id}",
        )  # fmt: skip

    def review_comment(self, pull: Pull, thread: Thread, comment: Comment) -> Json:
        return spec().shape(
            "pull-request-review-comment", id=comment.id, user=self.user(comment.author), body=comment.body,
            path=thread.path, line=thread.line, commit_id=pull.sha, original_commit_id=thread.commit,
            author_association=comment.association, created_at=when(comment.at), updated_at=when(comment.at),
            pull_request_url=f"{self.api}/pulls/{pull.number}",
            html_url=f"{self.web}/pull/{pull.number}#discussion_r{comment.id}",
        )  # fmt: skip

    def check(self, check: Check) -> Json:
        done = when(check.at) if check.status == "completed" else None
        return spec().shape(
            "check-run", id=check.id, name=check.name, head_sha=check.sha, status=check.status,
            conclusion=check.conclusion, started_at=when(check.at), completed_at=done,
            html_url=f"{self.web}/runs/{check.id}", details_url=f"{self.web}/runs/{check.id}",
        )  # fmt: skip

    def combined(self, sha: str, statuses: list[CommitStatus]) -> Json:
        states = {one.state for one in statuses}
        failed = states & {"error", "failure"}
        # With no status at all GitHub says "pending", not "success": the trap every client meets.
        state = "failure" if failed else "success" if states == {"success"} else "pending"
        return spec().shape(
            "combined-commit-status", sha=sha, state=state, total_count=len(statuses),
            statuses=[self.status(one, "simple-commit-status") for one in statuses],
            repository=self.repository("minimal-repository"),
        )  # fmt: skip

    def status(self, status: CommitStatus, schema: str = "status") -> Json:
        return spec().shape(
            schema, id=status.id, state=status.state, context=status.context, description=status.description,
            created_at=when(status.at), updated_at=when(status.at),
        )  # fmt: skip

    def run(self, run: Run) -> Json:
        url = f"{self.api}/actions/runs/{run.id}"
        return spec().shape(
            "workflow-run", id=run.id, name=run.name, head_branch=run.branch, head_sha=run.sha, event="push",
            status=run.job.status, conclusion=run.job.conclusion, url=url, jobs_url=f"{url}/jobs", run_attempt=1,
            logs_url=f"{url}/logs", html_url=f"{self.web}/actions/runs/{run.id}", path=".github/workflows/ci.yml",
            created_at=when(run.at), updated_at=when(run.job.at),
        )  # fmt: skip

    def job(self, run: Run) -> Json:
        job = run.job
        return spec().shape(
            "job", id=job.id, run_id=run.id, head_sha=job.sha, name=job.name, status=job.status,
            conclusion=job.conclusion, head_branch=run.branch, workflow_name=run.name, started_at=when(job.at),
            completed_at=when(job.at) if job.status == "completed" else None,
            html_url=f"{self.web}/actions/runs/{run.id}/job/{job.id}", check_run_url=f"{self.api}/check-runs/{job.id}",
        )  # fmt: skip
