"""What is known about the hosts of a repository's remotes: by gh, by variables, by ssh."""

from __future__ import annotations

from collections.abc import Mapping

from orchestra.git.remotes import Hosts, RemoteSettings, ssh_hosts
from orchestra.git.ssh_alias import real_hosts
from orchestra.github.known_hosts import known_hosts


def hosts_of(
    settings: RemoteSettings, environ: Mapping[str, str], api_url: str | None, aliases: dict[str, str], *, every: bool
) -> Hosts:
    """The hosts that are GitHubs, and what ssh calls those that may be aliases; `aliases` keeps what ssh answered."""
    hosts = Hosts(github=known_hosts(environ, api_url), every=every)
    asked = ssh_hosts(settings, hosts) - aliases.keys()
    if asked:
        aliases.update({**dict.fromkeys(asked, ""), **real_hosts(asked, environ)})
    return hosts._replace(aliases={name: host for name, host in aliases.items() if host})
