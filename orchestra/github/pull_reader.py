"""All that GitHub says of pull requests: by one GraphQL query for many, or part by part over REST.

GraphQL is charged for each query, so it is asked for open work only, in batches; where it is missing, refused or
failing, REST says what it can. A part that this token cannot see is named, and never hides the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from orchestra.core.checks import CheckRun
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.remarks import Remark
from orchestra.core.text import clean_lines, plain
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import graph, poll_parsing, responses
from orchestra.github.client import ApiClient
from orchestra.github.graph import BaseFacts, CheckDetail, PullFacts
from orchestra.github.operations import PAGE, PAGES
from orchestra.github.rate_limit import Limited
from orchestra.github.responses import Missing

T = TypeVar("T")

BATCH = 25  # pull requests a query: GitHub answers 502 where a query takes it longer than ten seconds
SMALLEST = 4
FAILING = 60.0  # seconds until GraphQL is tried again after it failed
ABSENT = 600.0  # seconds until GraphQL is tried again where there is none, or the token may not use it
PERMISSION_SECONDS = 3600.0  # until somebody's right to push is asked again
LOG_BYTES = 2 * 1024 * 1024
LOG_LINE = 300  # characters
LOG_KEPT = 64 * 1024  # characters of each of the last LOGS logs: a finished job's log does not change
LOGS = 50

_TIME = regex(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ?", re.ASCII)


class Facts(Record):
    """What was asked of some pull requests. `gone`: numbers that are not there. `failed`: by number, why not known."""

    pulls: Mapping[int, PullFacts]
    bases: Mapping[str, BaseFacts]
    gone: tuple[int, ...] = ()
    failed: Mapping[int, str] = {}


class PullReader:
    """The pull requests of one repository, asked through `client`; `now` is the wall clock.

    Every function that asks raises Limited, without a request, while the budget says so, and Unreachable where GitHub
    gives no sensible answer.
    """

    def __init__(self, client: ApiClient, now: Callable[[], float]) -> None:
        owner, _, repo = client.address.slug.rpartition("/")
        self._client, self._now = client, now
        self._repo, self._variables = f"/repos/{owner}/{repo}", {"owner": owner, "name": repo}
        self._batch, self._without = BATCH, frozenset[str]()
        self._graph_again, self._graph_trouble = 0.0, ""
        self._pushers: dict[str, tuple[float, bool | None]] = {}
        self._comments: dict[str, tuple[int, ...]] = {}
        self._tails: dict[int, str] = {}
        self._by_graph: dict[int, PullFacts] = {}

    def facts(self, numbers: Sequence[int], bases: Sequence[str], closed: Container[int] = ()) -> Facts:
        """All that GitHub says of these pull requests, and of the branches they are to be merged into.

        `closed`: those that were listed as closed.
        """
        pulls: dict[int, PullFacts] = {}
        found_bases: dict[str, BaseFacts] = {}
        gone: list[int] = []
        left = list(dict.fromkeys(numbers))
        while left and self._has_graph():
            batch = left[: self._batch]
            answer = self._ask_graph(batch, bases, closed)
            if answer is None:
                continue  # a smaller batch, or no GraphQL at all
            pulls |= {one.number: one for one in answer.pulls}
            found_bases |= answer.bases
            gone += answer.gone
            left = left[len(batch) :]
        by_graph = set(pulls)
        asked = [number for number in numbers if number not in pulls and number not in gone]
        failed: dict[int, str] = {}
        for number in dict.fromkeys(asked):
            self._rest(number, pulls, gone, failed)
        for base in bases:
            if base not in found_bases:
                found_bases[base] = self._rest_base(base)
        complete = {number: self._completed(one) for number, one in pulls.items()}
        self._by_graph |= {number: one for number, one in complete.items() if number in by_graph}
        self._client.budget.succeeded()
        return Facts(complete, found_bases, tuple(gone), failed)

    def remarks(self, number: int) -> tuple[Remark, ...]:
        """What was said about a pull request, oldest first. Raises Missing where it is gone."""
        reviews = self._pages(f"/pulls/{number}/reviews")
        inline = self._pages(f"/pulls/{number}/comments")
        comments = self._pages(f"/issues/{number}/comments")
        return poll_parsing.remarks(self._client.address, number, reviews, inline, comments)

    def first_comments(self, threads: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        """By thread, the numbers of its comments, asked once for each thread; those not known are left out."""
        wanted = [thread for thread in threads if thread not in self._comments][: graph.PAGE]
        if wanted and self._has_graph():
            try:
                reply = self._client.graphql(graph.threads_query(5), {"ids": wanted})
                self._comments |= self._client.understood(reply, graph.first_comments)
            except Limited:
                raise
            except OrchestraError as wrong:
                self._graph_again = self._now() + (ABSENT if isinstance(wrong, Missing) else FAILING)
        return {thread: self._comments[thread] for thread in threads if thread in self._comments}

    def may_push(self, login: str) -> bool | None:
        """Whether this person may push, asked once an hour; None where this token may not know."""
        at, known = self._pushers.get(login, (0.0, None))
        if 0 <= self._now() - at < PERMISSION_SECONDS:
            return known
        try:
            reply = self._client.get(f"{self._repo}/collaborators/{login}/permission", optional=True)
            word = self._client.understood(reply, lambda answer: responses.required(answer, str, "permission"))
            known = word in ("admin", "maintain", "write")
        except Missing:
            known = None
        self._pushers[login] = (self._now(), known)
        return known

    def log_tail(self, check: CheckDetail, lines: int = 60) -> str:
        """The end of a check's log, up to its last error; what the check says of itself where there is no log."""
        log = "" if check.job is None else self._tails.get(check.job) or self._job_log(check.job)
        last = (log or check.summary).rstrip().split("\n")[-lines:]
        return clean_lines("\n".join(plain(_TIME.sub("", line))[:LOG_LINE] for line in last))

    # --- GraphQL ---

    def _has_graph(self) -> bool:
        return not 0 < self._graph_again - self._now() <= ABSENT

    def _ask_graph(self, numbers: Sequence[int], bases: Sequence[str], closed: Container[int]) -> graph.Answered | None:
        """One query; None when it was no use: the next is smaller, or without what this server does not know."""
        client = self._client
        try:
            reply = client.graphql(graph.query(numbers, bases, self._without, closed), self._variables)
            found = client.understood(reply, lambda answer: graph.answered(answer, numbers, bases))
        except Limited:
            raise
        except Missing:
            self._graph_again, self._graph_trouble = self._now() + ABSENT, ""
            return None
        except Unreachable as failed:
            self._graph_trouble = failed.message
            self._shrink(len(numbers))
            return None
        if found.unknown and not set(found.unknown) <= self._without:
            self._without |= set(found.unknown)
            return None
        if found.failed:
            self._graph_again = self._now() + (ABSENT if found.denied else FAILING)
            self._graph_trouble = "" if found.denied else found.why
            return None
        self._graph_trouble = ""
        return found

    def _shrink(self, asked: int) -> None:
        """GraphQL failed: fewer pull requests at a time, and in the end none for a while."""
        if asked <= SMALLEST:
            self._batch, self._graph_again = BATCH, self._now() + FAILING
        else:
            self._batch = max(asked // 2, SMALLEST)

    def _completed(self, facts: PullFacts) -> PullFacts:
        """With the further pages of checks and threads, and with what GraphQL does not show this token."""
        todo, left = list(facts.more), PAGES
        while todo and left and self._has_graph():
            kind, _, cursor = todo.pop(0).partition(":")
            page = self._page(facts, kind, cursor)
            if page is None:
                todo.insert(0, kind)
                break
            facts, left = page, left - 1
            todo += facts.more
        facts = facts._replace(more=tuple(todo))
        if facts.more:  # more than was read may hold anything
            more = CheckDetail(CheckRun(f"more than {len(facts.checks):,} checks", "pending"), "", None, "")
            facts = facts._replace(checks=(*facts.checks, more), more=())
        if facts.failed and facts.state == "open":
            facts = self._with_failed_parts(facts)
        if "checks" in facts.unseen and facts.state == "open":
            unseen = tuple(part for part in facts.unseen if part != "checks")
            facts = self._with_rest_checks(facts._replace(unseen=unseen), runs=False)
        return facts

    def _with_failed_parts(self, facts: PullFacts) -> PullFacts:
        """What GraphQL did not come to this time: a part that is missing says nothing."""
        if "commits" in facts.failed:
            facts = self._with_rest_checks(facts, runs=True)
        if {"latestOpinionatedReviews", "reviewDecision"} & set(facts.failed):
            facts = self._with_reviews(facts)
        known = self._by_graph.get(facts.number)
        if "reviewThreads" in facts.failed and known is not None and known.threads is not None:
            unseen = tuple(part for part in facts.unseen if part != "review threads")
            facts = facts._replace(threads=known.threads, unseen=unseen)
        return facts

    def _page(self, facts: PullFacts, kind: str, cursor: str) -> PullFacts | None:
        """The facts with one more page; None where it was not given."""
        try:
            reply = self._client.graphql(graph.page_query(facts.number, kind, cursor), self._variables)
            return self._client.understood(reply, lambda answer: graph.with_page(facts, answer))
        except Limited:
            raise
        except (Missing, Unreachable):  # what was not read counts as pending
            return None

    # --- REST ---

    def _rest(self, number: int, pulls: dict[int, PullFacts], gone: list[int], failed: dict[int, str]) -> None:
        """One pull request, part by part. A fault of one does not keep the others from being known."""
        try:
            reply = self._client.get(f"{self._repo}/pulls/{number}")
            facts = self._client.understood(reply, poll_parsing.rest_facts)
            if facts.state == "open":
                facts = self._with_rest_checks(facts, runs=True)
                facts = self._with_reviews(self._with_last_known(facts))
            if self._graph_trouble:  # which is not this token's fault
                unseen = tuple(part for part in facts.unseen if part != "review threads")
                facts = facts._replace(partial=self._graph_trouble, unseen=unseen)
            pulls[number] = facts
        except Missing:
            gone.append(number)
        except Unreachable:
            raise
        except OrchestraError as error:
            failed[number] = error.message

    def _with_last_known(self, facts: PullFacts) -> PullFacts:
        """REST knows no threads and no merge queue: what GraphQL said last, until it answers again."""
        known = self._by_graph.get(facts.number)
        if known is None or known.threads is None:
            return facts
        in_queue = known.in_queue and known.head_sha == facts.head_sha
        return facts._replace(threads=known.threads, in_queue=in_queue, unseen=())

    def _with_rest_checks(self, facts: PullFacts, *, runs: bool) -> PullFacts:
        """The checks of its head by REST; `runs`: check runs may be seen. Without them the jobs of Actions are."""
        commit, unseen = f"/commits/{facts.head_sha}", list(facts.unseen)
        actions = self._optional(f"/actions/runs?head_sha={facts.head_sha}", "workflow_runs")
        checks = self._optional(f"{commit}/check-runs", "check_runs") if runs else None
        if checks is None:
            unseen += ["checks of apps"]
            jobs = [(run, job) for run in actions or () for job in self._jobs(run)]
            details = poll_parsing.job_details(jobs)
        else:
            details = poll_parsing.check_details(checks, actions or ())
        statuses = self._optional(f"{commit}/status", "statuses")
        unseen += ["commit statuses"] if statuses is None else []
        unseen += ["Actions runs"] if actions is None else []
        details += poll_parsing.status_details(statuses or ())
        suites = poll_parsing.suites(actions or ())
        return facts._replace(checks=details, suites=suites, unseen=tuple(dict.fromkeys(unseen)))

    def _jobs(self, run: Any) -> list[Any]:
        return self._optional(f"/actions/runs/{responses.required(run, int, 'id')}/jobs", "jobs") or []

    def _with_reviews(self, facts: PullFacts) -> PullFacts:
        reviews = self._optional(f"/pulls/{facts.number}/reviews", "")
        if reviews is None:
            return facts._replace(unseen=(*facts.unseen, "reviews"))
        return facts._replace(opinions=poll_parsing.opinions(reviews), decision=responses.decision(reviews))

    def _rest_base(self, base: str) -> BaseFacts:
        """What a base branch requires, as far as this token may see it."""
        name = quote(base, safe="")
        protection = self._part(f"/branches/{name}", poll_parsing.required_checks) or ()
        rules = self._part(f"/rules/branches/{name}", poll_parsing.ruled_checks) or BaseFacts()
        return rules._replace(required=tuple(dict.fromkeys((*protection, *rules.required))))

    def _part(self, path: str, read: Callable[[Any], T]) -> T | None:
        try:
            return self._client.understood(self._client.get(self._repo + path, optional=True), read)
        except Missing:
            return None

    def _optional(self, path: str, key: str) -> list[Any] | None:
        """The rows of a listing; None where this token may not see them."""
        try:
            return self._pages(path, key)
        except Missing:
            return None

    def _pages(self, path: str, key: str = "") -> list[Any]:
        rows: list[Any] = []
        path, _, given = path.partition("?")
        query: dict[str, str | int] = {}
        if given:
            query[given.partition("=")[0]] = given.partition("=")[2]
        for page in range(1, PAGES + 1):
            reply = self._client.get(self._repo + path, {**query, "per_page": PAGE, "page": page}, optional=True)
            found = self._client.understood(
                reply, lambda answer: responses.required(answer, list, *([key] if key else []))
            )
            rows += found
            if len(found) < PAGE:
                break
        else:
            rows += poll_parsing.more_than(len(rows), key)
        return rows

    def _job_log(self, job: int) -> str:
        try:
            address = self._client.location(f"{self._repo}/actions/jobs/{job}/logs")
        except Missing:
            return ""
        text = self._client.piece(address, LOG_BYTES).decode("utf-8", "replace").removeprefix("\ufeff")
        if (error := text.rfind("##[error]")) >= 0:  # after the failing step Actions cleans up, which says nothing
            text = text[:error] + text[error:].split("\n", 1)[0]
        if len(self._tails) >= LOGS:
            self._tails.pop(next(iter(self._tails)))
        self._tails[job] = text[-LOG_KEPT:]
        return self._tails[job]
