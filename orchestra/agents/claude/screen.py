"""What a captured screen of Claude Code shows. Reading only: it decides when Enter is safe, never what to answer.

Hooks are the first source of everything. The screen is asked where no hook speaks: before a paste, and when a start
failed.
"""

from __future__ import annotations

import re

from orchestra.agents.records import StartupProblem
from orchestra.core.regex import regex
from orchestra.core.text import clean

# Before the prompt, and before the chosen line of a dialog.
MARK = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
_SGR = r"\x1b\[[\d;:]*m"
# A hint in the empty box is dim, but its first letter is under the cursor: inverse, then dim until the next reset.
_GHOST = regex(rf"(?:\x1b\[7m(?:{_SGR})*[^\x1b])?\x1b\[(?:0;)?2m[^\n]*?(?=\x1b\[0m|$)", re.MULTILINE)
_ESCAPES = regex(rf"{_SGR}|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
RULE = regex(r"─{4,}(?: .{1,60} ─+)?")
_CHOICE = regex(rf"\s*{MARK}?\s*\d{{1,2}}\. \S")
CHOSEN = regex(rf"\s*{MARK}\s*\d{{1,2}}\. \S")
FOOTER = regex(r"\s*(?:Esc to cancel|Enter to \w+)\b")
_SPINNER = regex(r"[^\w\s] \S+… \(\d")  # `✶ Levitating… (3s · ↓ 26 tokens)`
# `✻ 429 slow down · retrying in 21s · attempt 7/10`; `● ` and `⎿ ` begin what the agent prints.
_RETRY = regex(r"[^\w\s●⎿] (\S.*?)(?: \([^)]*\))? · (?:[Rr]etrying|will retry|next try)\b")
_COLLAPSED = regex(r"\[Pasted text #\d+(?: \+(\d+) lines?)?\]")
_SUSPENDED = regex(r"Claude Code (?:is|has been) suspended\. Run .{0,3}fg.{0,3} to bring")
_SEARCH = regex(r"\s*(?:search prompts|no matching prompt):")  # below the box, after Ctrl-R: a paste is searched for
_HINTS = ("Press up to edit queued messages", 'Try "')  # the same hints on a capture without colours

_TROUBLES = (
    (
        "trust",
        r"Yes, I trust this folder|Do you trust the files in this folder",
        "Claude Code asks whether you trust this folder.",
        "Run `claude` once in the main checkout and say yes: that covers its worktrees. Then restart the worker.",
    ),
    (
        "onboarding",
        r"Unable to connect to Anthropic services|Choose the text style that looks best|Let's get started\.",
        "Claude Code has not been set up for this user yet.",
        "Run `claude` once by hand, finish its first run, then restart the worker.",
    ),
    (
        "login",
        r"Select login method:|Not logged in · (?:Please run|Run) /login|Please run /login",
        "Claude Code is not logged in.",
        "Run `claude` once by hand, log in with /login, then restart the worker.",
    ),
    (
        "api-key",
        r"Detected a custom API key in your environment",
        "Claude Code asks whether to use the API key of the environment.",
        "Open the pane and answer once, or use ANTHROPIC_AUTH_TOKEN, which is never asked about.",
    ),
    (
        "bypass",
        r"Claude Code running in Bypass Permissions mode",
        "Claude Code asks to confirm that nothing will be asked.",
        "Open the pane and answer once, or use `permissions: standard`.",
    ),
    (
        "root",
        r"cannot be used with root/sudo privileges",
        "Claude Code refuses `permissions: bypass` for root.",
        "Run orchestra as an ordinary user, or use `permissions: standard`.",
    ),
    (
        "mcp",
        r"New MCP servers? found in (?:this project|\.mcp\.json)",
        "Claude Code asks about an MCP server of this project.",
        "Open the pane and answer, or run `claude` once in the main checkout and answer there.",
    ),
    (
        "imports",
        r"Allow external CLAUDE\.md file imports\?",
        "Claude Code asks about files that this project's CLAUDE.md imports from elsewhere.",
        "Open the pane and answer, or run `claude` once in the main checkout and answer there.",
    ),
    (
        "settings",
        r"^\s*Settings (?:Error|Warning)\s*$",
        "Claude Code does not accept all of a settings file.",
        "Open the pane: it names the file and the mistake.",
    ),
    (
        "conversation",
        r"No conversation found with session ID|Session ID \S+ is already in use",
        "Claude Code does not find this worker's conversation.",
        "Begin a new one: `orchestra restart ID --fresh`.",
    ),
    (
        "missing",
        r"(?:launch\.sh|exec)(?::[^\n]*)?: (?:[^\n]*: )?(?:not found|command not found|No such file or directory)",
        "The program `claude` is not there.",
        "Install it: npm install -g @anthropic-ai/claude-code. Or set agents.claude.command in orchestra.yaml.",
    ),
    (
        "arguments",
        r"^error: (?:unknown option|option|too many arguments)[^\n]*",
        "Claude Code does not take one of its arguments.",
        "Correct agents.claude.args in orchestra.yaml, or install a newer version.",
    ),
)
_COMPILED = tuple((kind, regex(pattern, re.MULTILINE), said, fix) for kind, pattern, said, fix in _TROUBLES)


def composer_text(screen: str) -> str | None:
    """The text in the prompt box; "" when it is empty or holds a hint; None when keys would go somewhere else.

    `screen` is best captured with colours (`capture-pane -e`): only they tell a hint from text somebody typed.
    """
    lines = lines_of(screen)
    if any(map(_SUSPENDED.match, lines)):
        return None
    rules = [row for row, line in enumerate(lines) if RULE.fullmatch(line.strip())]
    if len(rules) < 2:
        return None
    top, bottom = rules[-2:]
    box, below = lines[top + 1 : bottom], lines[bottom + 1 :]
    if any(map(_SEARCH.match, below)):
        return None
    if not box or not box[0].startswith(MARK) or any(map(CHOSEN.match, box)) or any(map(_CHOICE.match, below)):
        return None
    text = "\n".join(line.strip("\u00a0 ") for line in [box[0][1:], *box[1:]]).strip()
    return "" if "\x1b" not in screen and text.startswith(_HINTS) else text


def box_holds(box: str, words: str) -> bool:
    """Whether the text in the prompt box is just these pasted words: as they are, or as the line that replaces them.

    A long paste collapses to `[Pasted text #1 +4 lines]`, or to `[Pasted text #2]` when it is one line.
    """
    collapsed = _COLLAPSED.fullmatch(box)
    if collapsed:
        return int(collapsed[1] or 0) == words.count("\n")
    return box.startswith(words.partition("\n")[0])


def dialog_open(screen: str) -> bool:
    """True when the screen shows a dialog or a menu: no prompt box, and a choice or the keys that answer it."""
    if composer_text(screen) is not None:
        return False
    return any(CHOSEN.match(line) or FOOTER.match(line) for line in lines_of(screen))


def suspended(screen: str) -> bool:
    """True when the program was suspended by Ctrl-Z: it takes no keys until it is told to continue."""
    return any(map(_SUSPENDED.match, lines_of(screen)))


def understood(screen: str) -> bool:
    """True when the screen shows the prompt box, which is there during a turn as well, a dialog, or a turn."""
    return composer_text(screen) is not None or dialog_open(screen) or at_work(screen) or suspended(screen)


def at_work(screen: str) -> bool:
    """True when a turn runs: the box is there as well then, and the line below it or the one above says so."""
    lines = lines_of(screen)
    return any("esc to interrupt" in line or _SPINNER.match(line) or _RETRY.match(line) for line in lines)


def retrying(screen: str) -> str:
    """Why the program asks its API again, as a sentence; empty: it does not. No hook and no transcript tells of it."""
    found = [match[1] for match in map(_RETRY.match, lines_of(screen)) if match]
    if not found:
        return ""
    why = clean(found[-1], 120)
    if why in ("Waiting for API response", "API error") or why.startswith("No response from the API"):
        return "the API answers with an error" if why == "API error" else "the API does not answer"
    return f"the API answers {why}" if re.match(r"\d{3}\b", why) else why


def startup_problem(screen: str) -> StartupProblem | None:
    """Why Claude Code has not come up. Ask only when no SessionStart came in time: an agent may print any of these."""
    shown = "\n".join(lines_of(screen))
    for kind, pattern, said, fix in _COMPILED:
        found = pattern.search(shown)
        if found:
            exact = f" ({clean(found.group())})" if kind in ("missing", "arguments") else ""
            return StartupProblem(kind, said + exact, fix)
    return None


def lines_of(screen: str) -> list[str]:
    """The lines of a captured screen without its colours and without the hints in the box."""
    return _ESCAPES.sub("", _GHOST.sub("", screen)).split("\n")
