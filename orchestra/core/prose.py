"""Whether the last message of a turn asks the user something. Pure; standard library only.

A turn that ended without a ship and without a report needs the user in any case; this decides whether that is shown as
a question, and with which of its words. Of a message the end counts: what asks may be followed by its options, by what
the agent would choose or by courtesies, and by nothing that answers it.
"""

from __future__ import annotations

import re
import unicodedata

from orchestra.core.records import Record
from orchestra.core.regex import regex

MOST_BEHIND = 8  # sentences that may follow what asks
# Latin, CJK, Arabic, Greek, Armenian, Ethiopic and what is made of several.
_MARKS = "?\uff1f\u061f\u037e\u055e\u1367\u2047\u2048\u2049\u203d\u2e2e"
_DECORATION = frozenset("*_`\"')]}>~!|\u00bb\u201d\u2019\u203a\u300d\u300f\uff01\uff09\u3011 ")

_FENCE = regex(r"^[ \t]*(```|~~~).*?^[ \t]*\1[ \t]*$|<!--.*?-->", re.MULTILINE | re.DOTALL)
_FENCED = regex(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_CODE = regex(r"`[^`\n]+`|https?://\S+")
# Words that the message only quotes; behind a colon they are what it says.
_QUOTED = regex(
    r"(?<!^)(?<![:\uff1a] )(?<![:\uff1a])"
    r"(?:\"[^\"\n]*\"|\u201c[^\u201d\n]*\u201d|\u201e[^\u201c\u201d\n]*[\u201c\u201d]|(?<=\s)'[^'\n]*'(?!\w)"
    r"|\u00ab[^\u00bb\n]*\u00bb)"
)
_ITEM = regex(r"^\s*(?:[-*+\u2022]|\(?(?:\d{1,2}|[A-Za-z])[.):\uff09])\s+")
_TICKED = regex(r"^\s*[-*+]\s+\[[xX]\]")
_HEADING = regex(r"^\s*(?:#{1,6}\s|(?:\*\*|__).*(?:\*\*|__):?\s*$)")
_SENTENCE = regex(rf"(?<=[.!{_MARKS}])[*_\"')\]]*\s+|(?<=[\u3002\uff01\uff1f])")


def _any_of(*parts: str) -> re.Pattern[str]:
    return regex("|".join(parts), re.IGNORECASE)


# Of a question: it is the user who shall answer it.
_ADDRESSED = _any_of(
    r"\b(?:you|your|shall|should|(?:may|can|could|do|must|would) (?:i|we)|want me|ok(?:ay)? (?:to|if|for))\b",
    r"\b(?:(?:soll|darf|kann|muss)(?:en)? (?:ich|wir)|möchte(?:st|n)|willst|dir|euch|du|ihnen)\b|(?-i:\bSie\b)",
    r"\b(?:vous|tu|dois-je|puis-je|(?:veux|préfères)-tu|devrais-je)\b",
    r"\b(?:quieres?|prefier\w+|deber?ía|debo|puedo|usted|você|quer|prefer\w+|devo|posso|vuoi|preferisc\w+)\b",
    r"\b(?:вы|ты|вам|тебе|мне)\b",
    r"[您你]|我应该|是否|(?:ます|です|しょう)か|까요|나요",
)
# A choice that a list below it holds.
_WHICH = _any_of(r"\b(?:which|welche\w*|quel\w*|lequel|laquelle|cuál\w*|qual\w*|како\w+)\b|哪")
_OPTIONS = _any_of(
    r"(?:^|\b(?:see|there are|there're|we have|here are|these are|open|two|three|four|several|possible)\b.{0,40})"
    r"\b(?:options|ways|choices|alternatives|approaches|possibilities|decisions|questions)\b.{0,40}:$",
    r"\b(?:möglichkeiten|varianten|optionen|opciones|opções|opzioni|possibilités)\b.{0,40}:$",
    r"(?:选项|方案|選択肢|вариант\w*).{0,20}[:\uff1a]$",
)
_YES_OR_NO = _any_of(r"^\W*(?:do|does|did|is|are|will|would|can|could|may|ist|sind|passt|est-ce|est|es)\b")
_BEGINS = _any_of(r"^(?:which|what|how|would|do|should|shall|can|could|may|soll|möcht|willst|wie|was)")
_DID = _any_of(r"^(?:i(?:'ve| have)? )?\w+ed\b")  # `Added two options:`
# Asked without a question mark.
_REQUEST = _any_of(
    r"\b(?:let me know|tell me|advise(?: me)?(?: on)?)[,:]?(?: please)? (?:which|what|how|whether|who|when"
    r"|where|once|as soon as|your|the)\b",
    r"\blet me know if (?:i should|i may|i can|you(?:'d| would)? (?:want me|like me|rather|prefer)|that|this|it)\b",
    r"\b(?:please|kindly|could you|can you)\b.{0,20}\b(?:confirm|choose|decide|pick|provide|specify|clarify"
    r"|advise|answer|approve|tell|let me know|share|select|reply)\b",
    r"\b(?:waiting (?:for|on)|wait for|await(?:ing)?|(?:i|we|still|also) need) (?:you|your|the user)\b",
    r"\bi need (?:an? (?:\w+ )?(?:decision|answer|confirmation|approval|choice|reply|go-ahead)|to know)\b",
    r"(?:^|[\u2013\u2014,;:-] )your (?:call|choice|decision|turn|pick)(?=\W*$|\s*[-:;,.(\u2013\u2014])",
    r"^please advise\b",
    r"(?:^|, )(?:please )?(?:reply|answer|respond|confirm|approve|say)\b(?! so\b).{0,40}"
    r"\b(?:and|then|so) i(?:'ll| will| can)\b",
    r"\b(?:it'?s|is) (?:up to you|your (?:call|decision|choice))\b"
    r"|\bwhich(?:ever)? you(?:'d)? prefer\b",
    r"^(?:choose|pick|decide|confirm|specify|clarify|tell me|(?:reply|answer|respond) (?:with|by|to))\b",
    r"\b(?:sag|sagen sie|gib|geben sie|teil|teilen sie)\b.{0,20}\b(?:welche\w*|was|wie|ob|wann|wo|wer|mit)\b",
    r"\bbitte\b.{0,20}\b(?:bestätig|entscheid|wähl|nenn|gib|geben|klär|antwort|um (?:rück|antwort|entsch))",
    r"\bwarte auf (?:dein|ihr|eure)",
    r"\b(?:dis|dites|fais|faites)-moi\b.{0,10}\b(?:quel|lequel|laquelle|si|comment|ce que)|\bj'attends (?:vo|ta"
    r"|ton|tes)",
    r"\b(?:veuillez|merci de|peux-tu|pouvez-vous)\b.{0,10}\b(?:confirmer|choisir|préciser|me dire|indiquer)\b",
    r"\b(?:dime|dígame|indíca\w*|confírma\w*|por favor,? (?:confirm|elij|elige|indi|dime|escolh|dig))",
    r"\b(?:diga-me|me diga|dimmi|fammi sapere (?:quale|se devo|come|cosa)|per favore,? (?:conferm|scegli|dimmi))",
    r"\b(?:espero (?:tu|su) respuesta|aguardo (?:sua|a sua)|attendo la tua)\b",
    r"(?:подтверди|уточни|выбери|скажи|реши)(?:те|,|\s)|жду (?:ваш|тво)",
    r"(?:教えて|選んで|お選び|ご確認|ご指示|決めて).{0,6}(?:ください|下さい|お願い)|(?:ます|です|しょう)か[\u3002.]?$",
    r"请(?:您|你)?(?:确认|告诉|选择|告知|决定|提供|指示|说明)|吗[\u3002.]?$|等待?(?:您|你)的",
    r"(?:알려|확인해|선택해|결정해) ?주세요",
)
# Said at the end of every other message; and as a question.
_COURTESY = _any_of(
    r"\b(?:if|should you|in case|happy to|whenever)\b.{0,40}\b(?:any|anything|something|else|questions?|further)\b",
    r"\bfeel free\b|\b(?:wenn|falls)\b.{0,30}\b(?:noch|etwas|fragen|weiter\w*)\b",
    r"\bsi (?:tu|vous|tienes?|necesitas?|quieres)\b.{0,30}\b(?:autre|questions?|algo|alguna|pregunta\w*|más"
    r"|besoin)\b",
    r"\bse (?:precisar|hai|serve|tiver)\b|\bесли\b.{0,30}\b(?:ещё|еще|вопрос\w*|что-то|нужно)\b",  # noqa: RUF001 - Cyrillic
    r"(?:如有|如果).{0,12}(?:问题|疑问|需要)|(?:ご不明|何か).{0,12}(?:あれば|ございましたら)|더 필요",
)
_ELSE = _any_of(
    r"\b(?:anything|what|something) (?:else|more)\b|\b(?:noch (?:etwas|fragen)|sonst noch)\b|\bautre chose\b",
    r"\b(?:any|further|more) questions\b|\balgo (?:más|mais)\b|\baltro\b|\bещё\b|还有|他に|もっと",  # noqa: RUF001 - Cyrillic
)
# Behind a question that the user shall answer: it leaves the question open.
_LEAVES_OPEN = _any_of(
    r"^\W*\w{1,4}/\w{1,4}\W*$",  # `[y/N]`
    r"\b(?:i(?:'d| would)|my (?:preference|recommendation|suggestion|vote)|i (?:recommend|suggest|prefer|lean"
    r"|propose))\b",
    r"\b(?:for now|for the moment|for the time being|in the meantime|(?:everything|all) else|the rest)\b",
    r"\bi (?:looked|searched|checked|tried|assum\w+|could ?n[o']t|can ?not|can't|see no)\b",
    r"\b(?:recommended|i'?ll|i will|i am|i'm) (?:wait|hold|stop|paus)\w*|\b(?:otherwise|until then|once you"
    r"|if (?:so|not|you))\b",
    r"\bich (?:würde|empfehle|warte|schlage)\b|\b(?:je (?:recommande|propose|préfère)|recomiendo|eu recomendo"
    r"|consiglio)\b",
)
# It answers it, or goes on to something else.
_ANSWERS = _any_of(
    r"^\W*(?:yes|no|nope|yep|because|answer|ja|nein|weil|oui|non|sí|si|sim|да|нет|turns out|it turns)\b",
    r"\bi(?:'ve| have)? (?:did|have|used|chose|chosen|went|decided|kept|fixed|added|took|made|changed|found"
    r"|implemented|answered|replied|resolved)\b|\bthe answer (?:is|was)\b",
    r"\bso i\b|\b(?:is|are|was|were) (?:now )?(?:fixed|done|committed|answered|implemented|gone)\b|\bich habe\b"
    r"|\bj'ai\b",
)


class _Part(Record):
    """A sentence, and where it stands: in a list, as a heading, or alone on the line above a list."""

    text: str
    item: bool = False
    heading: bool = False

    @property
    def is_question(self) -> bool:
        """Whether it ends in a question mark, of whichever script."""
        text = self.text
        while text and (text[-1] in _DECORATION or unicodedata.category(text[-1]) in ("So", "Sk", "Mn", "Cf")):
            text = text[:-1]
        greek = text.endswith(";") and "\u0370" <= text[-2:-1] <= "\u1fff"
        return greek or text.endswith(tuple(_MARKS))

    @property
    def is_courteous(self) -> bool:
        """Whether it is said at the end of every other message, and asks nothing."""
        return bool((_ELSE if self.is_question else _COURTESY).search(self.text))


def asking(message: str) -> str:
    """What the message asks the user, with all that stands behind it; empty where it asks nothing."""
    behind: list[_Part] = []  # the last one first
    for part in reversed(_parts(message)):
        if len([one for one in behind if not one.item]) > MOST_BEHIND:
            break
        if _asks(part, behind):
            return " ".join(one.text for one in (part, *reversed(behind)))
        behind.append(part)
    return ""


def _asks(part: _Part, behind: list[_Part]) -> bool:
    text = part.text
    if part.is_courteous:
        return False
    said = [one for one in behind if not one.item and not one.is_courteous]
    above_list = bool(behind) and behind[-1].item and not part.item
    if part.is_question:
        if not behind:
            return True
        if part.heading:  # what stands below a heading is about it
            return bool(_ADDRESSED.search(text)) and all(_LEAVES_OPEN.search(one.text) for one in said)
        if above_list:
            return any(kind.search(text) for kind in (_ADDRESSED, _WHICH, _YES_OR_NO)) and _stays_open(said)
        return _stays_open(said) if _ADDRESSED.search(text) else all(_LEAVES_OPEN.search(one.text) for one in said)
    if _REQUEST.search(text):
        return _stays_open(said)
    if above_list and text.endswith((":", "\uff1a")):
        chosen = _OPTIONS.search(text) or (_BEGINS.match(text) and _ADDRESSED.search(text))
        return bool(chosen) and not (_ANSWERS.search(text) or _DID.match(text)) and _stays_open(said)
    return False


def _stays_open(said: list[_Part]) -> bool:
    """Whether nothing of what was said behind a question answers it."""
    return not any(_ANSWERS.search(one.text) and not _LEAVES_OPEN.search(one.text) for one in said)


def _parts(message: str) -> list[_Part]:
    """The sentences of a message, without code and without what it quotes."""
    text = _FENCE.sub("", message)
    if (opened := _FENCED.search(text)) is not None:  # the other fence was cut off, or never came
        cut = message.startswith("\u2026")
        text = text[opened.end() :].partition("\n")[2] if cut else text[: opened.start()]
    found: list[_Part] = []
    for line in text.splitlines():
        if line.lstrip().startswith((">", "|")) or not line.strip() or _TICKED.match(line):
            continue
        item, heading = _ITEM.match(line), bool(_HEADING.match(line))
        said = _QUOTED.sub("x", _CODE.sub("x", line[item.end() :] if item else line).strip(" #*_"))
        found += [_Part(one.strip(), bool(item), heading) for one in _SENTENCE.split(said) if one.strip()]
    return found
