"""A worker's pull request where the user can see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestra.project.context import Project


def open_pull(project: Project, number: str) -> str:
    """Open a worker's pull request in the browser, or copy its address where there is none; says which."""
    from orchestra.commands.pr import open_in_browser, pr

    url = pr(project, number)
    if open_in_browser(url, project.environ):
        return f"opened {url}"
    if project.clients.copy(url):
        return f"no browser to be reached; copied {url}"
    return url
