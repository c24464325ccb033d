"""State -> GitHub's JSON. `shape` fills in the keys that nothing here has an opinion on."""

from __future__ import annotations

from typing import Any

from support.github_double import judgement
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
            url=self.api, html_url=self.web, default_branch=state.default_branch, archived=state.archived,
            has_issues=state.has_issues, disabled=state.disabled,
        )  # fmt: skip

    def repository_for(self, login: str) -> Json:
        """The repository with what this login may do there."""
        may = login not in self.state.readers
        permissions = {"admin": False, "maintain": False, "push": may, "triage": may, "pull": True}
        return {**self.repository(), "permissions": permissions}

    def fork(self, owner: str, login: str) -> Json:
        """The fork of that owner. Who may not push there is among the readers as `login@owner`."""
        slug = f"{owner}/{self.state.repo}"
        may = f"{login}@{owner}" not in self.state.readers
        permissions = {"admin": False, "maintain": False, "push": may, "triage": False, "pull": True}
        named = {"full_name": slug, "owner": self.user(owner), "fork": True, "archived": False, "disabled": False}
        return {**self.repository(), **named, "permissions": permissions}

    def permission(self, login: str, permission: str) -> Json:
        """What a collaborator may do."""
        return spec().shape(
            "repository-collaborator-permission", permission=permission, role_name=permission,
            user={**self.user(login), "role_name": permission},
        )  # fmt: skip

    def branch(self, name: str) -> Json:
        """A branch with what its protection requires, as who may push sees it."""
        rules = self.state.protection.get(name)
        protection = spec().shape("branch-protection")
        if rules and rules.checks and not rules.ruleset:
            wanted = {"contexts": rules.checks, "checks": [], "enforcement_level": "non_admins", "strict": rules.strict}
            protection["required_status_checks"] = wanted
        return spec().shape(
            "branch-with-protection", name=name, protected=rules is not None, protection=protection,
            protection_url=f"{self.api}/branches/{name}/protection",
        )  # fmt: skip

    def rules(self, branch: str) -> list[Json]:
        """The rules that rulesets make for a branch."""
        rules = self.state.protection.get(branch)
        if rules is None or not rules.ruleset:
            return []
        source = {"ruleset_source_type": "Repository", "ruleset_source": self.slug, "ruleset_id": 42}
        checks = {
            "strict_required_status_checks_policy": rules.strict,
            "required_status_checks": [{"context": name} for name in rules.checks],
        }
        pulls = {
            "dismiss_stale_reviews_on_push": False, "require_code_owner_review": bool(rules.code_owners),
            "require_last_push_approval": rules.last_push, "required_approving_review_count": rules.reviews,
            "required_review_thread_resolution": rules.conversations,
        }  # fmt: skip
        found: list[Json] = [{"type": "pull_request", "parameters": pulls}, {"type": "deletion"}]
        found += [{"type": "required_status_checks", "parameters": checks}] if rules.checks else []
        return [{**one, **source} for one in found]

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
            assignees=[self.user(login) for login in ticket.assignees], assignee=self._first(ticket.assignees),
            html_url=f"{self.web}/{kind}/{ticket.number}", comments_url=f"{url}/comments",
            repository_url=self.api.replace(self.slug, ticket.moved_to) if ticket.moved_to else self.api,
            created_at=when(ticket.created), updated_at=when(ticket.updated), closed_at=when(ticket.closed),
            closed_by=self.user(ticket.closed_by) if ticket.closed_by else None, state_reason=ticket.reason,
            locked=bool(ticket.locked), active_lock_reason=ticket.locked or None,
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

    def _first(self, logins: list[str]) -> Json | None:
        return self.user(logins[0]) if logins else None

    def label(self, name: str) -> Json:
        return spec().shape("label", name=name, id=sum(name.encode()), color="ededed", description="")

    def side(self, branch: str, sha: str, owner: str = "") -> Json:
        """The head or the base of a pull request; `owner`: of the fork that it is in."""
        repository = self.repository("repository")
        if owner:
            repository |= {"full_name": f"{owner}/{self.state.repo}", "owner": self.user(owner), "fork": True}
        owner = owner or self.state.owner
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
            head=self.side(pull.head, pull.sha, pull.owner), base=self.side(pull.base, base_sha),
            created_at=when(pull.created), updated_at=when(pull.updated), closed_at=when(pull.closed),
            merged_at=when(pull.merged), merge_commit_sha=pull.merge_sha,
            assignees=[self.user(login) for login in pull.assignees], assignee=self._first(pull.assignees),
            requested_reviewers=[self.user(login) for login in pull.requested],
            auto_merge={"enabled_by": self.user("ann"), "merge_method": "squash", "commit_title": "", "commit_message": ""}
            if pull.auto_merge else None,
        )  # fmt: skip
        if whole:
            mergeable, word = self.state.mergeable(pull), judgement.merge_state(self.state, pull)
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
            author_association=comment.association, created_at=when(comment.at), updated_at=when(comment.updated),
            html_url=f"{self.web}/{kind}/{ticket.number}#issuecomment-{comment.id}",
            issue_url=f"{self.api}/issues/{ticket.number}", url=f"{self.api}/issues/comments/{comment.id}",
        )  # fmt: skip

    def review_comment(self, pull: Pull, thread: Thread, comment: Comment) -> Json:
        shown = spec().shape(
            "pull-request-review-comment", id=comment.id, user=self.user(comment.author), body=comment.body,
            path=thread.path, line=thread.line, commit_id=pull.sha, original_commit_id=thread.commit,
            author_association=comment.association, created_at=when(comment.at), updated_at=when(comment.updated),
            pull_request_url=f"{self.api}/pulls/{pull.number}", original_line=thread.line, side="RIGHT",
            html_url=f"{self.web}/pull/{pull.number}#discussion_r{comment.id}", start_line=thread.start_line,
            original_start_line=thread.start_line,
        )  # fmt: skip
        return shown | ({"in_reply_to_id": comment.reply_to} if comment.reply_to else {})

    def check(self, check: Check) -> Json:
        done = when(check.at) if check.status == "completed" else None
        run = next((run for run in self.state.runs if run.suite is check.suite), None)
        page = f"{self.web}/actions/runs/{run.id}/job/{check.id}" if run else f"{self.web}/runs/{check.id}"
        shown = spec().shape(
            "check-run", id=check.id, name=check.name, head_sha=check.sha, status=check.status,
            conclusion=check.conclusion, started_at=None if check.status == "queued" else when(check.at),
            completed_at=done,
            html_url=page, details_url=page, check_suite={"id": check.suite.id},
        )  # fmt: skip
        shown["app"] = spec().shape(
            "integration", slug=check.suite.app, name=check.suite.app, id=sum(check.suite.app.encode())
        )
        shown["output"] = {**shown["output"], "summary": check.summary or None}
        return shown

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
        url, waits = f"{self.api}/actions/runs/{run.id}", run.status
        return spec().shape(
            "workflow-run", id=run.id, name=run.name, head_branch=run.branch, head_sha=run.sha, event=run.event,
            status=waits, conclusion=run.conclusion, url=url, jobs_url=f"{url}/jobs", run_attempt=1,
            logs_url=f"{url}/logs", html_url=f"{self.web}/actions/runs/{run.id}", path=".github/workflows/ci.yml",
            check_suite_id=run.suite.id, created_at=when(run.at),
            updated_at=when(max([run.at, *(job.at for job in run.jobs)])),
        )  # fmt: skip

    def job(self, run: Run, job: Check) -> Json:
        return spec().shape(
            "job", id=job.id, run_id=run.id, head_sha=job.sha, name=job.name, status=job.status,
            conclusion=job.conclusion, head_branch=run.branch, workflow_name=run.name, started_at=when(job.at),
            completed_at=when(job.at) if job.status == "completed" else None,
            html_url=f"{self.web}/actions/runs/{run.id}/job/{job.id}", check_run_url=f"{self.api}/check-runs/{job.id}",
        )  # fmt: skip
