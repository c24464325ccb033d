"""What an approval depends on: `LGTM once CI is green` asks nothing of the author, `LGTM once renamed` does. Pure.

Of a sentence that approves, the part behind `once`, `if`, `after` ... is looked at piece by piece. What CI, another
reviewer, the calendar or the speaker will do is left out; anything else is for the author.
"""

from __future__ import annotations

import re

from orchestra.core.regex import regex

MOST_WORDS = 12  # of one condition; a longer one is not understood, so it is for the author

_SENTENCE = regex(r"[.!?](?=\s|$)|\n|\s-+\s")
_ALWAYS = regex(
    r"\b(?:once|until|till|as soon as|(?:as|so) long as|provided(?: that)?|assuming(?: that)?|modulo|iff"
    r"|(?:conditional|contingent) (?:up)?on|(?:on|with|under) (?:the )?condition(?: that)?|subject to|pending|unless"
    r"|(?:other|apart|aside) (?:than|from)|besides|minus|barring|bar|save for|without(?= (?:the|that|those|this)\b))\b",
    re.IGNORECASE,
)
# Common words, which make a condition of an approval only: `works great when I try it` has none.
_BESIDE_APPROVAL = regex(
    r"\b(?:after|when(?:ever)?|if|on(?= green))\b"
    r"|\b(?:with|w/)(?= .{0,40}\b(?:fixed|changed|added|removed|renamed|addressed|resolved|updated|dropped|gone)\b)",
    re.IGNORECASE,
)
_APPROVES = regex(
    r"\b(?:lgtm|sgtm|looks? (?:good|great|fine|nice|ok\w*)|approv\w+|ship(?:it|ping)?|(?:auto-?)?merg\w+|land|queue"
    r"|fine (?:by|with)|ok(?:ay)?|good to|all good|happy|ready|no objections?)\b|\+1|\U0001f44d",
    re.IGNORECASE,
)
_EXCEPTION = regex(r"other|apart|aside|besides|minus|bar|save|without", re.IGNORECASE)
_JOINED = regex(r",|&|\+|\b(?:and|plus|or|then)\b", re.IGNORECASE)
_CI = regex(
    r"(?:(?:the|all|my|our|your|every|required|remaining|other|status|github|integration|unit|e2e)\s+)*"
    r"(?:ci(?:/cd)?|checks|builds?|pipelines?|tests|(?:test )?suite|workflows?|jobs|actions|linters?|linting"
    r"|it|everything|they|all|that|this|jenkins|travis|circleci|buildkite|codecov|sonar\w*|bots?)?"
    r"(?:\s+(?:is|are|has|have|been|be|go|goes|gone|turns?|turned|comes?|came|back|all|both|fully|finally|still|to|runs?)"
    r"\b)*"
    r"\s*(?:green|pass(?:es|ed|ing)?|happy|finish(?:es|ed)?|complet(?:es?|ed)|through|succeed(?:s|ed)?|ok(?:ay)?|done"
    r"|clean|ready|stable|works?|working)?\b",
    re.IGNORECASE,
)
_CI_FIXED = regex(r"(?:the )?(?:ci|builds?|pipelines?) (?:is|are|gets?|has been) (?:fixed|back)", re.IGNORECASE)
_WORK = regex(
    r"\b(?:address\w*|resolv\w*|fix\w*|chang\w*|add(?:s|ed|ing)?|renam\w*|remov\w*|updat\w*|rebas\w*|squash\w*|split\w*"
    r"|revert\w*|document\w*|docs?|changelog|test(?:ed)?|nam(?:e|es|ing)|comments?|feedback|nits?|typos?|missing"
    r"|conflicts?|refactor\w*|dropp?\w*|clean\w*up|lint|you|your)\b",
    re.IGNORECASE,
)
_OTHERS = regex(
    r"@[\w/-]+|#\d+|\b(?:approv\w+|review(?:s|ed|ers?)?|sign(?:s|ed)?[- ]?off|agrees?|look(?:s|ed)?|confirms?|acks?"
    r"|chimes?|lunch|noon|to(?:day|morrow|night)|(?:mon|tues|wednes|thurs|fri|satur|sun)day|weeks?|weekend|days?|hours?"
    r"|stand-?up|release|(?:it|this|that|\d\S*) is released|freeze|cut"
    r"|branch(?:es|ed)?|deploy\w*|roll-?out|launch\w*|demo|meeting|holidays?|vacation"
    r"|sprint|milestone|v?\d+\.\d[\d.]*|upstream|parent|stack|qa|lands?|landed|merged?|merges|ci|outage|incident"
    r"|objects?|objections?|prod(?:uction)?|staging"
    r"|(?:other|previous|first|lower|next) (?:one|pr|pull request)|is (?:ok|okay|happy|fine|back|out|over))\b",
    re.IGNORECASE,
)
_SPEAKER = regex(r"(?:i|i'm|i've|i'll)\b(?!.*\b(?:see|seen|understand|know|get|hear|convinced|sure)\b)", re.IGNORECASE)
_SPEAKS = regex(r"\b(?:i|i'll|i'm|will|let me|approving|merging)\b", re.IGNORECASE)
_OWN_CHECK = regex(
    r"(?:testing|checking|trying|reading|(?:a|another|some|more) (?:\w+ )?(?:test|check|look|read))\b", re.IGNORECASE
)
_PERMISSION = regex(
    r"(?:you|that'?s|that is)(?:'re| are)? (?:want|prefer|like|think|insist|wish|agree|feel|ok\w*|fine|happy|sure"
    r"|confident|ready|done|back|what|how|easier)\b",
    re.IGNORECASE,
)
_PAST = regex(
    r"(?:the|your|these|those|this|all (?:the|these)) (?:(?:latest|last|recent|newest|new|second|other) )?"
    r"(?:changes?|updates?|fix(?:es)?|push(?:es)?|commits?|rework|refactor\w*|clean-?ups?|iterations?|round)",
    re.IGNORECASE,
)
_AGREES = regex(
    r"(?:(?:this|it|then|i|i'll|we|we can|is|can|will|be|please|auto|squash)[\s-]+)*"
    r"(?:thanks?|thank you|thx|cheers|lgtm|sgtm|looks? good|good to go|good|fine|ok(?:ay)?|merge[ds]?(?: it| this)?"
    r"|ship(?: it)?|shipit|approved?|land(?: it)?|great|nice|perfect|ready)\b\W*(?:this|it|me|by me|to me|for me)?",
    re.IGNORECASE,
)


def settled(text: str) -> tuple[str, bool]:
    """The text without its conditions, and whether one of them is for the author to meet."""
    kept, asked = [], False
    for sentence in _SENTENCE.split(text):
        found = [_ALWAYS.search(sentence), _BESIDE_APPROVAL.search(sentence) if _APPROVES.search(sentence) else None]
        first = min((one for one in found if one), key=lambda one: one.start(), default=None)
        if first is None:
            kept.append(sentence)
            continue
        before, condition = sentence[: first.start()], sentence[first.end() :].strip()
        kept.append(before)
        past = first[0].lower() == "after" and _PAST.match(condition)
        own = _SPEAKS.search(before) and _OWN_CHECK.match(condition)
        asked |= not (past or own or _is_met_by_others(condition, excepted=bool(_EXCEPTION.match(first[0]))))
    return "\n".join(kept).strip(), asked


def _is_met_by_others(condition: str, *, excepted: bool) -> bool:
    """`excepted`: it is left out of the approval; `LGTM minus tests` speaks of tests that are not written."""
    if excepted and re.search(r"\btests?\b", condition, re.IGNORECASE):
        return False
    return all(_is_for_others(part.strip()) for part in _JOINED.split(condition) if part.strip())


def _is_for_others(part: str) -> bool:
    """Whether it comes about without the author, or is only agreement."""
    if len(part.split()) > MOST_WORDS:
        return False
    for known in (_CI_FIXED, _CI):
        rest = part[found.end() :].strip() if (found := known.match(part)) else part
        if not rest or _AGREES.fullmatch(rest):
            return True
    if _SPEAKER.match(part) or _PERMISSION.match(part) or _AGREES.fullmatch(part):
        return True
    return _OTHERS.search(part) is not None and not _WORK.search(part)
