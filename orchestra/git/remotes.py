"""Which remote is fetched, which is pushed to, and which repository a pull request goes to. Pure.

The repository is found by the rules of `gh`, the remote that is pushed to by those of `git push`; keys of the config
come before both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.git.remote_url import RemoteURL, read_remote_url

ORDER = ("upstream", "github", "origin")  # of remotes, where nothing says which is the one, as gh has it
FORKS = ("origin", "fork")  # beside a remote that is not one's own
KEYS = r"^(remote|url|branch)\."  # of the git configuration that is read
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_PUSH = regex(r"[\w.!-]+|/dev/null|(?:no|dis|do)[\w.-]*://.*", re.IGNORECASE)
_PART = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+"
_SLUG = regex(rf"(?:(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?)/)?(?P<owner>{_PART})/(?P<name>{_PART})")


class Address(Record):
    """A repository on a host."""

    host: str
    owner: str
    name: str

    @property
    def slug(self) -> str:
        """`acme/widgets`."""
        return f"{self.owner}/{self.name}"

    def is_same(self, other: Address | None) -> bool:
        """Whether both are one repository: GitHub does not tell large letters from small ones."""
        return other is not None and [part.lower() for part in self] == [part.lower() for part in other]


class UrlRule(Record):
    """`url.BASE.insteadOf` or, with `push`, `url.BASE.pushInsteadOf`."""

    base: str
    prefix: str
    push: bool


class Remote(Record):
    """A remote as it is written. `resolved`: what `gh repo set-default` has noted."""

    name: str
    urls: tuple[str, ...]
    push_urls: tuple[str, ...] = ()
    resolved: str = ""

    @property
    def takes_no_push(self) -> bool:
        """Whether its user has switched pushes off: `git remote set-url --push upstream no_push`, a word for a URL."""
        return bool(self.push_urls) and _NO_PUSH.fullmatch(self.push_urls[0]) is not None


class RemoteSettings(Record):
    """All that the git configuration says about remotes. `push_remotes`: by branch."""

    remotes: tuple[Remote, ...] = ()
    rules: tuple[UrlRule, ...] = ()
    push_default: str = ""
    push_remotes: Mapping[str, str] = _NOTHING

    def remote(self, name: str) -> Remote | None:
        """The remote with this name."""
        return next((one for one in self.remotes if one.name == name), None)

    def fetched(self, remote: Remote) -> str:
        """The URL that git fetches from."""
        return _rewritten(remote.urls[0], self.rules, push=False)

    def pushed(self, remote: Remote) -> str:
        """The URL that git pushes to: a pushurl is not rewritten by pushInsteadOf."""
        if remote.push_urls:
            return _rewritten(remote.push_urls[0], self.rules, push=False)
        return _rewritten(remote.urls[0], self.rules, push=True)


class Hosts(Record):
    """What is known about hosts. `aliases`: by what ssh calls them; `github`: those that gh or a token knows.

    `every`: an API address was given, or the config says that the tracker is GitHub.
    """

    aliases: Mapping[str, str] = _NOTHING
    github: frozenset[str] = frozenset()
    every: bool = False

    def is_certain(self, host: str) -> bool:
        """Whether a host is a GitHub without a doubt."""
        return host == "github.com" or host.endswith(".ghe.com") or host in self.github

    def is_github(self, host: str) -> bool:
        """Whether a host is taken for a GitHub."""
        return self.every or self.doubt(host) < 2

    def doubt(self, host: str) -> int:
        """How little speaks for a host being a GitHub: 0 nothing against it, 1 its name says so, 2 and 3 the rest."""
        if self.is_certain(host):
            return 0
        return 3 if "." not in host else 1 if "github" in host else 2

    def name(self, url: RemoteURL) -> str:
        """The host that a URL leads to: for an alias of ssh its HostName."""
        real = self.aliases.get(url.host, url.host) if url.ssh else url.host
        real = "github.com" if real == "ssh.github.com" else real
        followed = self.is_certain(real) or "." not in url.host
        return real if followed and not self.is_certain(url.host) else url.host


class Wishes(Record):
    """`github.repo`, `github.remote` and `github.push_remote` of the config; None: by the rules."""

    repo: str | None = None
    remote: str | None = None
    push_remote: str | None = None


class Choice(Record):
    """What was chosen, and why. `base`: where issues and pull requests are; `head`: where branches are pushed to.

    `fetch` and `push` are names of remotes. None: there is none. `push_place`: what git is asked to see the branch
    where it was pushed, the remote's name or a URL. `problem`: why nothing can be shipped with it.
    """

    base: Address | None = None
    fetch: str | None = None
    push: str | None = None
    fetch_url: str = ""
    fetched: Address | None = None  # the repository of `fetch`
    push_url: str = ""
    push_place: str = ""
    head: Address | None = None
    on_github: bool = False
    why_base: str = ""
    why_push: str = ""
    problem: str = ""
    hint: str = ""

    @property
    def is_fork(self) -> bool:
        """Whether the pull request comes from another repository."""
        return self.base is not None and self.head is not None and not self.base.is_same(self.head)


def told(choice: Choice) -> Iterator[str]:
    """What was chosen and why, in sentences."""
    if choice.base is not None:
        yield f"issues and pull requests: {choice.base.slug} on {choice.base.host} ({choice.why_base})"
    if choice.fetch is not None:
        fetched, base = choice.fetched, choice.base
        elsewhere = f", which is {fetched.slug}: no remote is {base.slug}" if fetched and base else ""
        more = "" if fetched is None or fetched.is_same(base) else elsewhere
        yield f"bases are fetched from {choice.fetch}{more}"
    yield from told_push(choice, "branches are")


def told_push(choice: Choice, what: str) -> Iterator[str]:
    """Where `what`, such as `branches are`, pushed to."""
    if choice.push is not None:
        name = f": {choice.head.slug}" if choice.head else ""
        more = f"; pull requests come from {choice.head.owner}:BRANCH" if choice.is_fork and choice.head else ""
        yield f"{what} pushed to {choice.push}{name} ({choice.why_push}){more}"


def settings_of(listed: str) -> RemoteSettings:
    """The settings in `git config -z --get-regexp KEYS`. An empty URL takes back those before it, as in git."""
    urls: dict[str, dict[str, list[str]]] = {}
    rules: list[UrlRule] = []
    push_default, push_remotes = "", {}
    for line in filter(None, listed.split("\0")):
        key, _, value = line.partition("\n")
        section, _, rest = key.partition(".")
        name, _, variable = rest.rpartition(".")
        if section == "url" and variable in ("insteadof", "pushinsteadof"):
            rules.append(UrlRule(name, value, variable.startswith("push")))
        elif key == "remote.pushdefault":
            push_default = value
        elif section == "branch" and variable == "pushremote":
            push_remotes[name] = value
        elif section == "remote" and name:
            found = urls.setdefault(name, {}).setdefault(variable, [])
            found[:] = [*found, value] if value else []
    remotes = tuple(
        Remote(name, tuple(keys["url"]), tuple(keys.get("pushurl", ())), (keys.get("gh-resolved") or [""])[-1])
        for name, keys in urls.items()
        if keys.get("url")
    )
    return RemoteSettings(remotes, tuple(rules), push_default, push_remotes)


def ssh_hosts(settings: RemoteSettings, hosts: Hosts) -> frozenset[str]:
    """The hosts of ssh URLs that may be aliases: all that are not certainly a GitHub."""
    found = [read_remote_url(url) for one in settings.remotes for url in _urls(settings, one)]
    return frozenset(url.host for url in found if url is not None and url.ssh and not hosts.is_certain(url.host))


def choose(
    settings: RemoteSettings, wishes: Wishes, hosts: Hosts, branch: str = "", closed: Collection[str] = ()
) -> Choice:
    """What is fetched, where `branch` is pushed to, and which repository its pull request goes to.

    `closed`: repositories (small letters) that the user may not push to, as far as GitHub was asked: where no setting
    names a remote, those are not chosen while another one is there.
    """
    known = [(one, found) for one in settings.remotes if (found := _address(settings, one, hosts))]
    candidates = [(one, address) for one, address in known if hosts.is_github(address.host)]
    candidates.sort(key=lambda pair: (hosts.doubt(pair[1].host) > 1, _place(ORDER, pair[0].name)))
    fetch, base, why, problem = _base(settings, wishes, candidates)
    if fetch is None:
        fetch = settings.remote("origin") or (settings.remotes[0] if len(settings.remotes) == 1 else None)
        base = base or (next((address for one, address in known if one == fetch), None))
    if fetch is None:
        on_github = base is not None and hosts.is_github(base.host)
        return Choice(base=base, on_github=on_github, why_base=why, problem=problem)
    push, why_push, problem_push = _push(settings, wishes, candidates, fetch, branch, closed)
    return _joined(
        Choice(
            base=base,
            fetch=fetch.name,
            push=push.name,
            fetch_url=settings.fetched(fetch),
            fetched=next((address for one, address in known if one == fetch), None),
            push_url=settings.pushed(push),
            push_place=_push_place(settings, push),
            head=_head(settings, push, hosts) or base,
            on_github=base is not None and hosts.is_github(base.host),
            why_base=why,
            why_push=why_push,
            problem=problem or problem_push,
            hint=_hint(push) if problem or problem_push else "",
        )
    )


def _hint(push: Remote) -> str:
    if push.takes_no_push:
        return "name the remote to push to: github: {push_remote: NAME} in orchestra.yaml; git remote -v lists them"
    return "correct it in orchestra.yaml; git remote -v lists the remotes"


def _push_place(settings: RemoteSettings, push: Remote) -> str:
    """Where git shows what was pushed: the remote fetches from elsewhere when it has a URL of its own for pushes."""
    url = settings.pushed(push)
    if url == settings.fetched(push):
        return push.name
    return push.push_urls[0] if push.push_urls else url  # git rewrites it as it does at the push


def _joined(choice: Choice) -> Choice:
    """The same, with the problem of a pull request that would cross from one host to another."""
    if choice.problem or choice.base is None or choice.head is None or choice.base.host == choice.head.host:
        return choice
    return choice._replace(
        problem=f"branches are pushed to {choice.push}, which is on {choice.head.host} and not on {choice.base.host}: "
        "no pull request can come from there",
        hint="name the remote to push to: github: {push_remote: NAME} in orchestra.yaml",
    )


Candidates = Sequence[tuple[Remote, Address]]


def _base(
    settings: RemoteSettings, wishes: Wishes, candidates: Candidates
) -> tuple[Remote | None, Address | None, str, str]:
    """The remote that is fetched, the repository of the pull request, why, and what is wrong with the config."""
    named = settings.remote(wishes.remote) if wishes.remote else None
    problem = f"github.remote names {wishes.remote}, which is not a remote" if wishes.remote and not named else ""
    if wishes.repo:
        base = address_of(wishes.repo, candidates[0][1].host if candidates else "github.com")
        return named or _remote_of(base, candidates), base, "github.repo in orchestra.yaml", problem
    if named is not None:
        found = next((address for one, address in candidates if one == named), None)
        return named, found, "github.remote in orchestra.yaml", problem
    for remote, address in candidates:
        if remote.resolved == "base":
            return remote, address, f"gh repo set-default: {remote.name}", problem
        base = address_of(remote.resolved, address.host) if remote.resolved else None
        if base is not None:
            return _remote_of(base, candidates) or remote, base, "gh repo set-default", problem
    if not candidates:
        return None, None, "", problem
    remote, address = candidates[0]
    others = ", ".join(one.name for one, _ in candidates[1:])
    why = f"the remote {remote.name}" + (f" comes before {others}" if others else "")
    return remote, address, why, problem


def _push(
    settings: RemoteSettings, wishes: Wishes, candidates: Candidates, fetch: Remote, branch: str,
    closed: Collection[str],
) -> tuple[Remote, str, str]:  # fmt: skip
    """The remote that `branch` is pushed to, why, and what is wrong with the settings."""
    for name, why in (
        (wishes.push_remote, "github.push_remote in orchestra.yaml"),
        (settings.push_remotes.get(branch), f"branch.{branch}.pushRemote"),
        (settings.push_default, "remote.pushDefault"),
    ):
        if name:
            found = settings.remote(name)
            return found or fetch, why, "" if found else f"{why.split(' ')[0]} names {name}, which is not a remote"
    if fetch.push_urls and not fetch.takes_no_push:
        return fetch, f"remote.{fetch.name}.pushurl", ""
    host = next((address.host for one, address in candidates if one == fetch), None)
    others = [
        (one, found) for one, found in candidates if one != fetch and found.host == host and not one.takes_no_push
    ]
    if (fetch.name == "upstream" or fetch.takes_no_push) and others:
        ranked = sorted(others, key=lambda pair: _place(FORKS, pair[0].name))
        if ranked[0][0].name in FORKS or len(ranked) == 1:
            return ranked[0][0], f"{ranked[0][0].name} is the fork beside {fetch.name}", ""
    if fetch.takes_no_push:
        written = f"remote.{fetch.name}.pushurl"
        return fetch, written, f"pushes to {fetch.name} are switched off ({written} is {clean(fetch.push_urls[0], 60)})"
    free = [(one, found) for one, found in others if found.slug.lower() not in closed]
    own = next((found for one, found in candidates if one == fetch), None)
    if own is not None and own.slug.lower() in closed and len(free) == 1:
        return free[0][0], f"you may not push to {own.slug}", ""
    return fetch, f"the remote {fetch.name}", ""


def address_of(text: str, host: str) -> Address | None:
    """The repository that `OWNER/REPO` or `HOST/OWNER/REPO` names; None for anything else."""
    match = _SLUG.fullmatch(text)
    return Address((match["host"] or host).lower(), match["owner"], match["name"]) if match else None


def _remote_of(base: Address | None, candidates: Candidates) -> Remote | None:
    return next((one for one, address in candidates if address.is_same(base)), None)


def _urls(settings: RemoteSettings, remote: Remote) -> Iterable[str]:
    return (remote.urls[0], settings.fetched(remote), *remote.push_urls[:1], settings.pushed(remote))


def _address(settings: RemoteSettings, remote: Remote, hosts: Hosts) -> Address | None:
    """The repository of a remote: as it is written where that is a GitHub, else as git rewrites it."""
    return _first((remote.urls[0], settings.fetched(remote)), hosts)


def _head(settings: RemoteSettings, remote: Remote, hosts: Hosts) -> Address | None:
    """The repository that is pushed to."""
    written = (*remote.push_urls[:1], settings.pushed(remote))
    return _first((*written, *(() if remote.push_urls else remote.urls[:1])), hosts)


def _first(urls: Iterable[str], hosts: Hosts) -> Address | None:
    read = [found for url in urls if (found := read_remote_url(url))]
    addresses = [Address(hosts.name(url), url.owner, url.name) for url in read]
    return min(addresses, key=lambda one: hosts.doubt(one.host), default=None)


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def _rewritten(url: str, rules: Iterable[UrlRule], *, push: bool) -> str:
    """A URL as git rewrites it: the longest prefix wins, and for a push pushInsteadOf comes first."""
    for wanted in (True, False) if push else (False,):
        found = [rule for rule in rules if rule.push is wanted and url.startswith(rule.prefix)]
        if found:
            best = max(found, key=lambda rule: len(rule.prefix))
            return best.base + url[len(best.prefix) :]
    return url
