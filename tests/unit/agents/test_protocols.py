"""Every agent's modules have what is asked of them: mypy checks the shapes here, the test that none was forgotten."""

from __future__ import annotations

import subprocess

import pytest
from support.paths import ROOT

from orchestra import agents
from orchestra.agents.base import Agent, AgentHooks
from orchestra.agents.claude import hooks as claude_hooks
from orchestra.agents.claude import launch as claude
from orchestra.agents.scripted import hooks as scripted_hooks
from orchestra.agents.scripted import launch as scripted
from orchestra.config.agent_names import AGENTS

pytestmark = pytest.mark.fast

LAUNCH: dict[str, Agent] = {"claude": claude, "scripted": scripted}
HOOKS: dict[str, AgentHooks] = {"claude": claude_hooks, "scripted": scripted_hooks}


def test_there_is_one_list_of_agents() -> None:
    assert {name: agents.agent(name) for name in AGENTS} == LAUNCH
    assert {name: agents.hooks_of(name) for name in AGENTS} == HOOKS


def test_an_agents_wire_format_stays_in_its_package() -> None:
    words = "PermissionRequest|hookSpecificOutput|ExitPlanMode"
    argv = ["git", "-C", str(ROOT), "grep", "-nE", words, "orchestra", ":!orchestra/agents"]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (1, "")
