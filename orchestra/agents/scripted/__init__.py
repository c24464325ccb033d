"""The scripted agent: follows a script in the issue, speaks Claude Code's hooks, needs no account."""
