"""What GraphQL is asked about pull requests, and what its answer says. Pure.

One query for many pull requests by number: GraphQL knows no 304 and charges each query by the pages it may read, so
nothing is nested below a list of a hundred. https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from orchestra.core.checks import CheckRun, Suite
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.github.responses import optional, required

PAGE = 100
SUITES = 50
OPINIONS = 30
# Fields that an older GitHub Enterprise Server may not know: without them less is known, and the rest is still asked.
OPTIONAL = {
    "isInMergeQueue": "isInMergeQueue",
    "autoMergeRequest": "autoMergeRequest { enabledAt }",
    "authorCanPushToRepository": "authorCanPushToRepository",
    "refUpdateRule": "refUpdateRule { requiredStatusCheckContexts requiredApprovingReviewCount "
    "requiresConversationResolution }",
    "rules": "rules(first: 50) { nodes { type parameters { ... on RequiredStatusChecksParameters "
    "{ requiredStatusChecks { context } strictRequiredStatusChecksPolicy } ... on PullRequestParameters "
    "{ requiredApprovingReviewCount requiredReviewThreadResolution } } } }",
}


_CLOSED_BY = "timelineItems(itemTypes: [CLOSED_EVENT], last: 1) { nodes { ... on ClosedEvent { actor { login } } } }"
_DENIED = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"})  # types of errors that stay


class Opinion(Record):
    """The latest review of one person that approves, or asks for changes. `pushes`: they may push (None: not said)."""

    id: str
    author: str
    association: str
    state: str
    bot: bool
    pushes: bool | None


class ThreadSeen(Record):
    """A review thread, by its node id."""

    id: str
    resolved: bool
    outdated: bool
    path: str
    line: int | None


class CheckDetail(Record):
    """A check with what helps when it fails. `job`: the Actions job that has its log."""

    run: CheckRun
    url: str
    job: int | None
    summary: str


class PullFacts(Record):
    """All that GitHub says of one pull request. `unseen`: parts that this token cannot see, in words.

    `said_at` moves with every comment, review and edit: what people wrote is read again when it does.
    """

    number: int
    state: str
    draft: bool
    mergeable: bool | None
    merge_state: str
    decision: str | None
    in_queue: bool
    auto_merge: bool
    head_sha: str
    head_ref: str
    head_repo: str
    base_ref: str
    said_at: str
    opinions: tuple[Opinion, ...] = ()
    threads: tuple[ThreadSeen, ...] | None = None  # None: not known
    checks: tuple[CheckDetail, ...] = ()
    suites: tuple[Suite, ...] = ()
    more: tuple[str, ...] = ()  # cursors of further pages: `checks:`, `suites:` and `threads:`
    unseen: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    frowns: tuple[str, ...] = ()  # who gave it a thumbs down
    partial: str = ""  # why GraphQL said nothing, and REST was asked: no threads, no merge queue
    closed_by: str = ""  # the login; empty where GitHub does not say
    failed: tuple[str, ...] = ()  # fields that GraphQL did not come to this time: REST is asked for them


class BaseFacts(Record):
    """What a base branch requires before a merge, and which checks its own head has."""

    required: tuple[str, ...] = ()
    reviews: int = 0
    conversations: bool = False
    names: tuple[str, ...] = ()


class Answered(Record):
    """One answer. `gone`: pull requests that are not there. `unknown`: fields that this server does not have."""

    pulls: tuple[PullFacts, ...] = ()
    bases: Mapping[str, BaseFacts] = {}
    gone: tuple[int, ...] = ()
    unknown: tuple[str, ...] = ()
    failed: bool = False
    denied: bool = False  # this token may not ask, or there is no such thing: no use to try again soon
    why: str = ""  # the first error's message


def query(
    numbers: Sequence[int], bases: Sequence[str], without: Iterable[str] = (), closed: Container[int] = ()
) -> str:
    """One query for these pull requests and base branches, with the variables $owner and $name.

    `closed`: those of which it is asked who closed them.
    """
    field = {name: "" if name in without else text for name, text in OPTIONAL.items()}
    more = {number: _CLOSED_BY if number in closed else "" for number in numbers}
    pulls = " ".join(f"p{number}: pullRequest(number: {number}) {{ {_pull(number, field)} {more[number]} }}"
                     for number in numbers)  # fmt: skip
    refs = " ".join(f'b{n}: ref(qualifiedName: "refs/heads/{_quoted(base)}") {{ {_base(field)} }}'
                    for n, base in enumerate(bases))  # fmt: skip
    return f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {pulls} {refs} }} }}"


def page_query(number: int, kind: str, cursor: str) -> str:
    """The next page of a pull request's checks, check suites or threads."""
    after = f'after: "{_quoted(cursor)}"'
    asked = _threads(after) if kind == "threads" else _commit(number, kind, after)
    inner = f"p{number}: pullRequest(number: {number}) {{ number {asked} }}"
    return f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {inner} }} }}"


def threads_query(count: int) -> str:
    """Which comments these threads begin with: the variable $ids. REST knows comments and no threads."""
    return (
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequestReviewThread "
        f"{{ id comments(first: {min(count, PAGE)}) {{ nodes {{ fullDatabaseId }} }} }} }} }}"
    )


def _pull(number: int, field: Mapping[str, str]) -> str:
    return (
        "number state isDraft mergeable mergeStateStatus reviewDecision "
        f"{field['isInMergeQueue']} {field['autoMergeRequest']} headRefOid headRefName "
        "headRepository { nameWithOwner } baseRefName updatedAt "
        "comments(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes { updatedAt } } "
        "reviews(last: 1) { totalCount nodes { updatedAt } } "
        f"latestOpinionatedReviews(first: {OPINIONS}) {{ nodes {{ fullDatabaseId state author {{ __typename login }} "
        f"authorAssociation {field['authorCanPushToRepository']} }} }} "
        "labels(first: 20) { nodes { name } } "
        "reactions(content: THUMBS_DOWN, last: 5) { nodes { user { login } } } "
        f"{_threads()} {_commit(number)}"
    )


def _threads(after: str = "") -> str:
    arguments = f"first: {PAGE}" + (f", {after}" if after else "")
    nodes = "nodes { id isResolved isOutdated path line }"
    return f"reviewThreads({arguments}) {{ pageInfo {{ hasNextPage endCursor }} {nodes} }}"


def _commit(number: int, kind: str = "", after: str = "") -> str:
    """The newest commit with its checks and suites, or with the next page of one `kind`."""
    arguments = f"first: {PAGE}" + (f", {after}" if after else "")
    suite = "databaseId app { slug } workflowRun { event workflow { name } }"
    needed = f"isRequired(pullRequestNumber: {number})"
    run = (
        "... on CheckRun { databaseId name status conclusion startedAt detailsUrl title summary "
        f"{needed} checkSuite {{ {suite} }} }}"
    )
    context = f"... on StatusContext {{ context state description targetUrl createdAt {needed} }}"
    contexts = (
        f"contexts({arguments}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ __typename {run} {context} }} }}"
    )
    rows = f"pageInfo {{ hasNextPage endCursor }} nodes {{ {suite} status conclusion createdAt }}"
    suites = f"checkSuites(first: {SUITES}{f', {after}' if after else ''}) {{ {rows} }}"
    asked = [suites] if kind != "checks" else []
    asked += [f"statusCheckRollup {{ {contexts} }}"] if kind != "suites" else []
    return f"commits(last: 1) {{ nodes {{ commit {{ oid {' '.join(asked)} }} }} }}"


def _base(field: Mapping[str, str]) -> str:
    names = "__typename ... on CheckRun { name } ... on StatusContext { context }"
    rollup = f"statusCheckRollup {{ contexts(first: {PAGE}) {{ nodes {{ {names} }} }} }}"
    return f"name {field['refUpdateRule']} {field['rules']} target {{ ... on Commit {{ oid {rollup} }} }}"


def _quoted(text: str) -> str:
    """The inside of a GraphQL string."""
    return "".join(char for char in text if char.isprintable() and char not in '"\\')


# --- reading --------------------------------------------------------------------------------------------------------


def answered(answer: Any, numbers: Sequence[int], bases: Sequence[str]) -> Answered:
    """What an answer to `query` says. Parts that are null with an error beside them are named, not guessed."""
    errors = [one for one in optional(answer, list, "errors") or [] if isinstance(one, dict)]
    unknown = tuple(name for one in errors if (name := _unknown_field(one)))
    repository = optional(answer, dict, "data", "repository") if optional(answer, dict, "data") else None
    if repository is None:
        denied = any(one.get("type") in _DENIED or "extensions" in one for one in errors)
        said = [one["message"] for one in errors if isinstance(one.get("message"), str)]
        return Answered(unknown=unknown, failed=True, denied=denied, why=clean(said[0] if said else "an empty answer"))
    refused = [_path(one) for one in errors if one.get("type") in _DENIED]
    cut = [_path(one) for one in errors if one.get("type") not in _DENIED]
    pulls, gone = [], []
    for number in numbers:
        row = repository.get(f"p{number}")
        if row is None:
            missing = [one for one in errors if _path(one)[:2] == ["repository", f"p{number}"]]
            gone += [number] if any(one.get("type") == "NOT_FOUND" for one in missing) else []
            continue
        place = ["repository", f"p{number}"]
        mine = [path for path in refused if path[:2] == place]
        pulls.append(_facts(row, mine, tuple(sorted({str(path[2]) for path in cut if path[:2] == place and path[2:]}))))
    known = [(n, base) for n, base in enumerate(bases) if not any(path[:2] == ["repository", f"b{n}"] for path in cut)]
    found = {base: _base_facts(repository.get(f"b{n}")) for n, base in known}
    return Answered(tuple(pulls), found, tuple(gone), unknown)


def with_page(facts: PullFacts, answer: Any) -> PullFacts | None:
    """The facts with one more page of one kind, and the cursor of the next; None without an answer."""
    repository = optional(answer, dict, "data", "repository") if optional(answer, dict, "data") else None
    row = (repository or {}).get(f"p{facts.number}")
    if row is None:
        return None
    more: list[str] = []
    if optional(row, dict, "commits") is not None:
        checks, suites, cursors = _checks(row)
        more += cursors
        facts = facts._replace(checks=facts.checks + checks, suites=facts.suites + suites)
    if optional(row, dict, "reviewThreads") is not None:
        threads, cursor = _thread_rows(row)
        more += [f"threads:{cursor}"] if cursor else []
        facts = facts._replace(threads=(facts.threads or ()) + threads)
    return facts._replace(more=tuple(more))


def first_comments(answer: Any) -> dict[str, tuple[int, ...]]:
    """By thread, the REST ids of its comments."""
    found: dict[str, tuple[int, ...]] = {}
    for node in required(answer, list, "data", "nodes"):
        if node is not None and (name := optional(node, str, "id")):
            rows = optional(node, list, "comments", "nodes") or []
            found[name] = tuple(int(required(row, str, "fullDatabaseId")) for row in rows if row is not None)
    return found


def _path(error: Mapping[str, Any]) -> list[Any]:
    path = error.get("path")
    return path if isinstance(path, list) else []


def _unknown_field(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions")
    if not isinstance(extensions, dict) or extensions.get("code") != "undefinedField":
        return ""
    name = extensions.get("fieldName")
    return name if isinstance(name, str) and name in OPTIONAL else ""


def _facts(row: Any, refused: Sequence[Sequence[Any]], failed: tuple[str, ...]) -> PullFacts:
    """One pull request; `refused`: the paths that this token may not see, `failed`: the fields that are missing."""
    checks, suites, more = _checks(row)
    threads: tuple[ThreadSeen, ...] | None = None
    if optional(row, dict, "reviewThreads") is not None:
        threads, after = _thread_rows(row)
        more += [f"threads:{after}"] if after else []
    unseen = ["checks"] if any("commits" in path for path in refused) else []
    unseen += ["review threads"] if threads is None else []
    unseen += ["reviews"] if any("latestOpinionatedReviews" in path for path in refused) else []
    merged = required(row, str, "state") == "MERGED"
    return PullFacts(
        number=required(row, int, "number"),
        state="merged" if merged else required(row, str, "state").lower(),
        draft=required(row, bool, "isDraft"),
        mergeable={"MERGEABLE": True, "CONFLICTING": False}.get(required(row, str, "mergeable")),
        merge_state=required(row, str, "mergeStateStatus").lower(),
        decision=optional(row, str, "reviewDecision"),
        in_queue=optional(row, bool, "isInMergeQueue") or False,
        auto_merge=optional(row, dict, "autoMergeRequest") is not None,
        head_sha=required(row, str, "headRefOid"),
        head_ref=required(row, str, "headRefName"),
        head_repo=_repository_name(row),
        base_ref=required(row, str, "baseRefName"),
        said_at=_said_at(row),
        opinions=tuple(_opinion(one) for one in _nodes(row, "latestOpinionatedReviews")),
        threads=threads,
        checks=checks,
        suites=suites,
        more=tuple(more),
        unseen=tuple(unseen),
        labels=tuple(required(one, str, "name") for one in _nodes(row, "labels")),
        frowns=tuple(filter(None, (optional(one, str, "user", "login") for one in _nodes(row, "reactions")))),
        closed_by=_closed_by(row),
        failed=failed,
    )


def _repository_name(row: Any) -> str:
    return optional(row, str, "headRepository", "nameWithOwner") or "" if optional(row, dict, "headRepository") else ""


def _closed_by(row: Any) -> str:
    """The login of who closed it last; a deleted account has none."""
    for event in _nodes(row, "timelineItems"):
        if optional(event, dict, "actor"):
            return optional(event, str, "actor", "login") or ""
    return ""


def _said_at(row: Any) -> str:
    """A text that changes with everything that people say."""
    parts = [required(row, str, "updatedAt")]
    for key in ("comments", "reviews"):
        if optional(row, dict, key) is not None:
            times = [optional(one, str, "updatedAt") or "" for one in _nodes(row, key)]
            parts += [str(optional(row, int, key, "totalCount") or 0), *times]
    return " ".join(parts)


def _nodes(row: Any, *path: str) -> list[Any]:
    """The nodes of a connection. The connection and each of its nodes may be null."""
    for key in path:
        row = optional(row, dict, key)
        if row is None:
            return []
    return [one for one in optional(row, list, "nodes") or [] if one is not None]


def _opinion(row: Any) -> Opinion:
    author = optional(row, str, "author", "login") or "" if optional(row, dict, "author") else ""
    bot = bool(author) and optional(row, str, "author", "__typename") == "Bot"
    return Opinion(
        optional(row, str, "fullDatabaseId") or "", f"{author}[bot]" if bot else author,
        optional(row, str, "authorAssociation") or "NONE", required(row, str, "state"), bot,
        optional(row, bool, "authorCanPushToRepository"),
    )  # fmt: skip


def _thread_rows(row: Any) -> tuple[tuple[ThreadSeen, ...], str]:
    rows = tuple(
        ThreadSeen(
            required(one, str, "id"), required(one, bool, "isResolved"), optional(one, bool, "isOutdated") or False,
            optional(one, str, "path") or "", optional(one, int, "line"),
        )
        for one in _nodes(row, "reviewThreads")
    )  # fmt: skip
    return rows, _cursor(row["reviewThreads"])


def _cursor(connection: Any) -> str:
    """Where the next page begins; empty where there is none."""
    if not optional(connection, dict, "pageInfo") or not required(connection, bool, "pageInfo", "hasNextPage"):
        return ""
    return required(connection, str, "pageInfo", "endCursor")


def _checks(row: Any) -> tuple[tuple[CheckDetail, ...], tuple[Suite, ...], list[str]]:
    """The checks and suites of the newest commit, and the cursors of the next pages."""
    commits = _nodes(row, "commits")
    commit = optional(commits[-1], dict, "commit") if commits else None
    if commit is None:
        return (), (), []
    suites = tuple(_suite(one) for one in _nodes(commit, "checkSuites"))
    after = _cursor(commit["checkSuites"]) if optional(commit, dict, "checkSuites") else ""
    more = [f"suites:{after}"] if after else []
    rollup = optional(commit, dict, "statusCheckRollup")
    if rollup is None or optional(rollup, dict, "contexts") is None:
        return (), suites, more
    after = _cursor(rollup["contexts"])
    more += [f"checks:{after}"] if after else []
    return tuple(_detail(one) for one in _nodes(rollup, "contexts")), suites, more


def _suite(row: Any) -> Suite:
    state = (optional(row, str, "conclusion") or required(row, str, "status")).lower()
    app = optional(row, str, "app", "slug") or "" if optional(row, dict, "app") else ""
    workflow, event = _workflow(row)
    return Suite(
        optional(row, int, "databaseId") or 0, state, app, workflow, event, optional(row, str, "createdAt") or ""
    )


def _workflow(suite: Any) -> tuple[str, str]:
    """The workflow and the event of a suite; empty for what is not a run of Actions."""
    if not optional(suite, dict, "workflowRun"):
        return "", ""
    run = suite["workflowRun"]
    name = optional(run, str, "workflow", "name") or "" if optional(run, dict, "workflow") else ""
    return name, optional(run, str, "event") or ""


def _detail(row: Any) -> CheckDetail:
    if required(row, str, "__typename") == "StatusContext":
        run = CheckRun(
            required(row, str, "context"), required(row, str, "state").lower(),
            started=optional(row, str, "createdAt") or "", required=optional(row, bool, "isRequired"),
        )  # fmt: skip
        return CheckDetail(run, web(optional(row, str, "targetUrl")), None, optional(row, str, "description") or "")
    suite = required(row, dict, "checkSuite")
    app = optional(suite, str, "app", "slug") or "" if optional(suite, dict, "app") else ""
    workflow, event = _workflow(suite)
    # A check that is completed without a conclusion has not passed yet.
    state = optional(row, str, "conclusion") or required(row, str, "status")
    run = CheckRun(
        required(row, str, "name"), state.lower(), app, workflow, event, optional(row, str, "startedAt") or "",
        optional(suite, int, "databaseId") or 0, optional(row, bool, "isRequired"),
    )  # fmt: skip
    url = web(optional(row, str, "detailsUrl"))
    said = "\n".join(text for key in ("title", "summary") if (text := optional(row, str, key)))
    return CheckDetail(run, url, job_of(url, optional(row, int, "databaseId"), app), said)


def job_of(url: str, number: int | None, app: str) -> int | None:
    """The Actions job whose log belongs to a check: it is in its address, and is the check run's own number."""
    if app not in ("", "github-actions"):
        return None
    last = url.rpartition("/job/")[2].partition("?")[0]
    return int(last) if last.isascii() and last.isdecimal() else number


def web(url: str | None) -> str:
    """An http(s) address, or nothing."""
    return url if url and url.startswith(("https://", "http://")) else ""


def _base_facts(row: Any) -> BaseFacts:
    if row is None:
        return BaseFacts()
    contexts, reviews, conversations = [], 0, False
    if optional(row, dict, "refUpdateRule"):
        rule = row["refUpdateRule"]
        contexts += [str(one) for one in optional(rule, list, "requiredStatusCheckContexts") or [] if one]
        reviews = optional(rule, int, "requiredApprovingReviewCount") or 0
        conversations = optional(rule, bool, "requiresConversationResolution") or False
    for one in _nodes(row, "rules"):
        given = optional(one, dict, "parameters") or {}
        contexts += [required(check, str, "context") for check in optional(given, list, "requiredStatusChecks") or []]
        reviews = max(reviews, optional(given, int, "requiredApprovingReviewCount") or 0)
        conversations |= optional(given, bool, "requiredReviewThreadResolution") or False
    rollup = (optional(row, dict, "target") or {}).get("statusCheckRollup")
    names = [
        optional(one, str, "name") or optional(one, str, "context") or "" for one in _nodes(rollup or {}, "contexts")
    ]
    return BaseFacts(tuple(dict.fromkeys(contexts)), reviews, conversations, tuple(dict.fromkeys(filter(None, names))))
