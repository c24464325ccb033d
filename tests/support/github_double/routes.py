"""Operation of GitHub's description -> answer."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from support.github_double import graphql
from support.github_double.records import Refused, Ticket
from support.github_double.spec import spec
from support.github_double.state import State
from support.github_double.views import Views


class Asked(NamedTuple):
    """A checked request: the values in its path, its query, its JSON body, who asks."""

    parts: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    login: str
    state: State
    views: Views
    refused: frozenset[str] = frozenset()  # parts that the token may not see


class Answer(NamedTuple):
    """`body` is JSON. A `page` is cut to what the query asks for and gets a Link header."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}
    page: str | None = None  # "" when the body is the list; otherwise the key that holds it


Route = Callable[[Asked], Answer]
ROUTES: dict[tuple[str, str], Route] = {}
REPO = "/repos/{owner}/{repo}"


def route(method: str, template: str) -> Callable[[Route], Route]:
    def keep(function: Route) -> Route:
        ROUTES[method, template] = function
        return function

    return keep


def _number(asked: Asked) -> int:
    return int(asked.parts.get("issue_number") or asked.parts["pull_number"])


def _sorted(asked: Asked, tickets: Sequence[Ticket], descending: bool) -> list[Any]:
    by_updated = asked.query.get("sort") == "updated"
    return sorted(tickets, key=lambda one: (one.updated if by_updated else one.created, one.number), reverse=descending)


def _require_issues(asked: Asked) -> None:
    if not asked.state.has_issues:
        raise Refused(410, "Issues has been disabled in this repository.")


def _in_state(asked: Asked, ticket: Ticket) -> bool:
    return asked.query.get("state", "open") in ("all", ticket.state)


@route("get", REPO)
def repository(asked: Asked) -> Answer:
    return Answer(200, asked.views.repository_for(asked.login))


@route("get", "/user")
def user(asked: Asked) -> Answer:
    return Answer(200, spec().shape("public-user", login=asked.login, user_view_type="public"))


@route("get", REPO + "/branches/{branch}")
def branch(asked: Asked) -> Answer:
    name = asked.parts["branch"]
    if name not in asked.state.refs.heads():
        raise Refused(404, "Branch not found")
    return Answer(200, asked.views.branch(name))


@route("get", REPO + "/rules/branches/{branch}")
def rules(asked: Asked) -> Answer:
    return Answer(200, asked.views.rules(asked.parts["branch"]), page="")


@route("get", REPO + "/collaborators/{username}/permission")
def permission(asked: Asked) -> Answer:
    login = asked.parts["username"]
    return Answer(200, asked.views.permission(login, asked.state.permissions.get(login, "read")))


@route("get", REPO + "/issues")
def issues(asked: Asked) -> Answer:
    _require_issues(asked)
    wanted = {name for name in asked.query.get("labels", "").split(",") if name}
    since = asked.query.get("since", "")
    shown = [asked.views.issue(one) for one in _sorted(
        asked,
        [
            one
            for one in asked.state.tickets.values()
            if _in_state(asked, one)
            and wanted <= set(one.labels)
            and asked.query.get("creator", one.author) == one.author
        ],
        asked.query.get("direction", "desc") == "desc",
    )]  # fmt: skip
    return Answer(200, [one for one in shown if one["updated_at"] >= since], page="")


def _found_by(asked: Asked, one: Ticket, name: str, value: str, term: str) -> bool:
    if name == "is":
        return value in (one.state, "pr" if one in asked.state.pulls() else "issue")
    if name in ("label", "author"):
        return value in (one.labels if name == "label" else [one.author])
    return name == "repo" or term.lower() in f"{one.title} {one.body}".lower()


@route("get", "/search/issues")
def search(asked: Asked) -> Answer:
    """Words, and the qualifiers that the tests use."""
    found, slug = list(asked.state.tickets.values()), f"{asked.state.owner}/{asked.state.repo}"
    for term in shlex.split(asked.query["q"]):
        name, _, value = term.removeprefix("-").partition(":")
        if name == "repo" and value.lower() != slug.lower():
            found = []
        found = [
            one for one in found if _found_by(asked, one, name, value, term.strip("-")) is not term.startswith("-")
        ]
    rows = [asked.views.issue(one) for one in sorted(found, key=lambda one: -one.created)]
    return Answer(200, {"total_count": len(rows), "incomplete_results": False, "items": rows}, page="items")


@route("post", REPO + "/issues")
def add_issue(asked: Asked) -> Answer:
    """Who may not push opens issues too, and their labels are left out without a word."""
    _require_issues(asked)
    if len(str(asked.body["title"])) > 256:
        raise Refused(422, "Validation Failed", {"message": "title is too long (maximum is 256 characters)"})
    guest = asked.login in asked.state.guests
    labels = tuple(one if isinstance(one, str) else one["name"] for one in asked.body.get("labels", []))
    number = asked.state.add_issue(
        str(asked.body["title"]), asked.body.get("body"), asked.login, *(("NONE", ()) if guest else ("OWNER", labels))
    )
    return Answer(201, asked.views.issue(asked.state.ticket(number)))


@route("get", REPO + "/issues/{issue_number}")
def issue(asked: Asked) -> Answer:
    if asked.state.tickets.get(_number(asked)) not in asked.state.pulls():
        _require_issues(asked)
    if _number(asked) in asked.state.deleted:
        raise Refused(410, "This issue was deleted")
    return Answer(200, asked.views.issue(asked.state.ticket(_number(asked))))


@route("post", REPO + "/issues/{issue_number}/assignees")
def assign(asked: Asked) -> Answer:
    ticket = asked.state.ticket(_number(asked))
    asked.state.edit(ticket.number, assignees=[*dict.fromkeys([*ticket.assignees, *asked.body["assignees"]])])
    return Answer(201, asked.views.issue(ticket))


@route("post", REPO + "/issues/{issue_number}/labels")
def add_labels(asked: Asked) -> Answer:
    ticket = asked.state.ticket(_number(asked))
    asked.state.edit(ticket.number, labels=[*dict.fromkeys([*ticket.labels, *asked.body["labels"]])])
    return Answer(200, [asked.views.label(name) for name in ticket.labels])


@route("patch", REPO + "/issues/{issue_number}")
def edit_issue(asked: Asked) -> Answer:
    changes = {key: asked.body[key] for key in ("title", "body", "state", "labels") if key in asked.body}
    asked.state.edit(_number(asked), **changes)
    return issue(asked)


@route("get", REPO + "/issues/{issue_number}/comments")
def comments(asked: Asked) -> Answer:
    ticket = asked.state.ticket(_number(asked))
    return Answer(200, [asked.views.comment(ticket, one) for one in ticket.comments], page="")


@route("post", REPO + "/issues/{issue_number}/comments")
def add_comment(asked: Asked) -> Answer:
    asked.state.comment(_number(asked), asked.body["body"], asked.login)
    ticket = asked.state.ticket(_number(asked))
    return Answer(201, asked.views.comment(ticket, ticket.comments[-1]))


@route("get", REPO + "/issues/{issue_number}/dependencies/blocked_by")
def blocked_by(asked: Asked) -> Answer:
    found = asked.state.ticket(_number(asked)).blocked_by
    return Answer(200, [asked.views.issue(asked.state.ticket(number)) for number in found], page="")


@route("get", REPO + "/issues/{issue_number}/sub_issues")
def sub_issues(asked: Asked) -> Answer:
    found = asked.state.ticket(_number(asked)).sub_issues
    return Answer(200, [asked.views.issue(asked.state.ticket(number)) for number in found], page="")


@route("get", REPO + "/issues/comments")
def all_comments(asked: Asked) -> Answer:
    tickets = asked.state.tickets.values()
    return Answer(200, [asked.views.comment(ticket, one) for ticket in tickets for one in ticket.comments], page="")


@route("get", REPO + "/issues/{issue_number}/labels")
def labels(asked: Asked) -> Answer:
    return Answer(200, [asked.views.label(name) for name in asked.state.ticket(_number(asked)).labels], page="")


@route("get", REPO + "/pulls")
def pulls(asked: Asked) -> Answer:
    owner, _, branch = asked.query.get("head", "").partition(":")
    found = [pull for pull in asked.state.pulls() if _in_state(asked, pull)]
    if branch:  # without `owner:` GitHub ignores the filter
        own = asked.state.owner
        found = [pull for pull in found if (owner.lower(), branch) == ((pull.owner or own).lower(), pull.head)]
    found = [pull for pull in found if asked.query.get("base", pull.base) == pull.base]
    default = "desc" if asked.query.get("sort", "created") == "created" else "asc"
    shown = _sorted(asked, found, asked.query.get("direction", default) == "desc")
    return Answer(200, [asked.views.pull(pull, whole=False) for pull in shown], page="")


@route("post", REPO + "/pulls")
def add_pull(asked: Asked) -> Answer:
    body = asked.body
    if not body.get("title"):
        raise State.invalid({"resource": "PullRequest", "field": "title", "code": "missing_field"})
    draft = body.get("draft", False)
    number = asked.state.add_pull(
        body["head"], body["base"], body["title"], body.get("body", ""), asked.login, draft=draft
    )
    return Answer(201, asked.views.pull(asked.state.pull(number), whole=True))


@route("get", REPO + "/pulls/{pull_number}")
def pull(asked: Asked) -> Answer:
    return Answer(200, asked.views.pull(asked.state.pull(_number(asked)), whole=True))


@route("patch", REPO + "/pulls/{pull_number}")
def edit_pull(asked: Asked) -> Answer:
    asked.state.pull(_number(asked))
    changes = {key: asked.body[key] for key in ("title", "body", "state", "base") if key in asked.body}
    asked.state.edit(_number(asked), **changes)
    return pull(asked)


@route("get", REPO + "/pulls/{pull_number}/reviews")
def reviews(asked: Asked) -> Answer:
    found = asked.state.pull(_number(asked))
    return Answer(200, [asked.views.review(found, one) for one in found.reviews], page="")


@route("post", REPO + "/pulls/{pull_number}/reviews")
def add_review(asked: Asked) -> Answer:
    states = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}
    state, comments = states[asked.body["event"]], asked.body.get("comments", [])
    if any(one["path"] in asked.state.outside for one in comments):
        raise Refused(422, "Line could not be resolved")
    asked.state.review(_number(asked), state, asked.body.get("body", ""), asked.login)
    found = asked.state.pull(_number(asked))
    found.reviews[-1].commit = asked.body.get("commit_id", found.sha)
    for one in comments:
        start = one.get("start_line")
        asked.state.review_comment(found.number, one["path"], one["line"], one["body"], asked.login, start_line=start)
    return Answer(200, asked.views.review(found, found.reviews[-1]))


@route("get", REPO + "/pulls/{pull_number}/comments")
def review_comments(asked: Asked) -> Answer:
    found = asked.state.pull(_number(asked))
    shown = [asked.views.review_comment(found, thread, one) for thread in found.threads for one in thread.comments]
    return Answer(200, shown, page="")


@route("post", REPO + "/pulls/{pull_number}/comments/{comment_id}/replies")
def reply(asked: Asked) -> Answer:
    found, comment = asked.state.pull(_number(asked)), int(asked.parts["comment_id"])
    made = asked.state.thread_reply(found.number, comment, asked.body["body"], asked.login, "OWNER")
    thread = next(one for one in found.threads if made in [said.id for said in one.comments])
    return Answer(201, asked.views.review_comment(found, thread, thread.comments[-1]))


@route("post", REPO + "/pulls/{pull_number}/requested_reviewers")
def request_reviewers(asked: Asked) -> Answer:
    found, wanted = asked.state.pull(_number(asked)), asked.body.get("reviewers", [])
    if found.author in wanted:
        raise Refused(422, "Review cannot be requested from pull request author.")
    asked.state.edit(found.number, requested=[*dict.fromkeys([*found.requested, *wanted])])
    return Answer(201, asked.views.pull(found, whole=False))


@route("put", REPO + "/pulls/{pull_number}/update-branch")
def update_branch(asked: Asked) -> Answer:
    found, expected = asked.state.pull(_number(asked)), asked.body.get("expected_head_sha")
    if expected not in (None, found.sha):
        raise Refused(422, "expected head sha didn\u2019t match current head ref.")
    asked.state.update_branch(found.number)
    return Answer(202, {"message": "Updating pull request branch.", "url": asked.views.pull(found, whole=False)["url"]})


@route("put", REPO + "/pulls/{pull_number}/merge")
def merge(asked: Asked) -> Answer:
    method = asked.body.get("merge_method", "merge")
    sha = asked.state.merge(_number(asked), method, asked.body.get("sha"))
    return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@route("get", REPO + "/pulls/{pull_number}/merge")
def merged(asked: Asked) -> Answer:
    if not asked.state.pull(_number(asked)).merged:
        raise Refused(404, "Not Found")
    return Answer(204, None)


@route("get", REPO + "/commits/{ref}/check-runs")
def checks(asked: Asked) -> Answer:
    sha = asked.state.sha(asked.parts["ref"])
    found = [check for check in asked.state.checks if check.sha == sha]
    found = [check for check in found if asked.query.get("check_name", check.name) == check.name]
    shown = [asked.views.check(check) for check in found]
    return Answer(200, {"total_count": len(shown), "check_runs": shown}, page="check_runs")


@route("get", REPO + "/commits/{ref}/status")
def status(asked: Asked) -> Answer:
    sha = asked.state.sha(asked.parts["ref"])
    return Answer(200, asked.views.combined(sha, [one for one in asked.state.statuses if one.sha == sha]))


@route("post", REPO + "/statuses/{sha}")
def add_status(asked: Asked) -> Answer:
    body = asked.body
    asked.state.add_status(
        asked.parts["sha"], body.get("context", "default"), body["state"], body.get("description") or ""
    )
    return Answer(201, asked.views.status(asked.state.statuses[-1]))


@route("get", REPO + "/actions/runs")
def runs(asked: Asked) -> Answer:
    sha, branch = asked.query.get("head_sha"), asked.query.get("branch")
    found = [run for run in reversed(asked.state.runs) if sha in (None, run.sha) and branch in (None, run.branch)]
    shown = [asked.views.run(run) for run in found]
    return Answer(200, {"total_count": len(shown), "workflow_runs": shown}, page="workflow_runs")


@route("get", REPO + "/actions/runs/{run_id}/jobs")
def jobs(asked: Asked) -> Answer:
    run = next((run for run in asked.state.runs if run.id == int(asked.parts["run_id"])), None)
    if run is None:
        raise Refused(404, "Not Found")
    found = [asked.views.job(run, job) for job in run.jobs]
    return Answer(200, {"total_count": len(found), "jobs": found}, page="jobs")


@route("get", REPO + "/actions/jobs/{job_id}/logs")
def log(asked: Asked) -> Answer:
    job = int(asked.parts["job_id"])
    if job not in [one.id for run in asked.state.runs for one in run.jobs]:
        raise Refused(404, "Not Found")
    return Answer(302, None, {"Location": f"/_logs/{job}"})  # GitHub: a signed address on another host


@route("delete", REPO + "/git/refs/{ref}")
def delete_ref(asked: Asked) -> Answer:
    asked.state.delete_branch(asked.parts["ref"].removeprefix("heads/"))
    return Answer(204, None)


@route("post", "/graphql")
def query(asked: Asked) -> Answer:
    variables = asked.body.get("variables") or {}
    return Answer(200, graphql.answer(asked.state, asked.body["query"], variables, asked.login, asked.refused))
