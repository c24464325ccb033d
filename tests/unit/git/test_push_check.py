"""What git's words say about the right to push: refused, or only not reached."""

from __future__ import annotations

import pytest

from orchestra.git.push_check import is_refusal

pytestmark = pytest.mark.fast

REFUSED = [
    "remote: Permission to acme/widgets.git denied to me.\nfatal: unable to access 'https://github.com/acme/widgets.git/': "
    "The requested URL returned error: 403",
    "ERROR: Permission to acme/widgets.git denied to me.\nfatal: Could not read from remote repository.",
    "remote: Write access to repository not granted.\nfatal: unable to access 'https://x/': The requested URL returned "
    "error: 403",
    "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
    "remote: Invalid username or token.\nfatal: Authentication failed for 'https://github.com/acme/widgets.git/'",
    "ERROR: This repository was archived so it is read-only.\nfatal: Could not read from remote repository.",
    "remote: The 'acme' organization has enabled or enforced SAML SSO.\nfatal: unable to access 'https://x/': The "
    "requested URL returned error: 403",
    "Host key verification failed.\nfatal: Could not read from remote repository.",
    "remote: Repository not found.\nfatal: repository 'https://github.com/acme/widgets.git/' not found",
    "ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote",
]
SILENT = [
    "fatal: unable to access 'https://github.com/acme/widgets/': Could not resolve host: github.com",
    "ssh: connect to host github.com port 22: Connection timed out\nfatal: Could not read from remote repository.\n\n"
    "Please make sure you have the correct access rights\nand the repository exists.",
    "ssh: Could not resolve hostname github.com: Name or service not known\nPlease make sure you have the correct access "
    "rights",
    "fatal: unable to access 'https://x/': Failed to connect to x port 443: Connection refused",
    "fatal: unable to access 'https://x/': The requested URL returned error: 502",
    "fatal: '/gone/widgets.git' does not appear to be a git repository\nfatal: Could not read from remote repository.\n"
    "Please make sure you have the correct access rights",
    "kex_exchange_identification: Connection closed by remote host",
    "error: something else",
    "",
]


@pytest.mark.parametrize("said", REFUSED)
def test_a_refusal_is_known_by_its_words(said: str) -> None:
    assert is_refusal(said)


@pytest.mark.parametrize("said", SILENT)
def test_a_remote_that_is_not_reached_refuses_nothing(said: str) -> None:
    assert not is_refusal(said)
