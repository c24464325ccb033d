"""Which last messages of a turn ask the user something, and which do not."""

from __future__ import annotations

import pytest

from orchestra.core.prose import asking

pytestmark = pytest.mark.fast

ASKS = (
    "I read both files. Which one shall I keep?",
    "Welche der beiden Dateien soll ich behalten?",
    "どちらを残しますか？",
    "どちらのファイルを残すか教えてください。",
    "أي ملف تريد أن أبقي؟",
    "¿Cuál de los dos prefiere?",
    "Ποιο να κρατήσω;",
    "我应该保留哪一个文件？",
    "Какой из них оставить?",
    "Which one do you want?\n\n1. UTC\n2. Local time\n3. Both",
    "There are two ways:\n\n- **A**: keep the table\n- **B**: drop it\n\nLet me know which you prefer.",
    "Should I go on with A? I'd recommend it, because it needs no migration.",
    "Should I use this?\n\n```python\nx = 1 if y else 2\n```",
    "Shall I go ahead? 🙂",
    "Do you want me to delete the old rows?\n\nI'll wait for your answer before I go on.",
    "I need the API key of the staging server to go on. Please provide it.",
    "Please confirm that I may drop the column.",
    "Let me know how you would like to proceed.",
    "Waiting for your decision on the two options above.",
    "Bitte sag mir, welche Variante du willst.",
    "Dis-moi laquelle tu préfères.",
    "Which database should this use (Postgres or SQLite)?)",
    "> The issue says UTC.\n\nIs that still right?",
    "Soll ich weitermachen (j/n)?\n",
    "I've hit a snag: the staging credentials are missing. How would you like me to proceed?",
    "**Question:** should deleted users be kept in the export?\n\nContext: the GDPR page says 30 days, the code says 90.",
    "Two questions before I go on:\n\n1. Should the export be gzipped?\n2. Which encoding do you expect?",
    "Open questions:\n- UTC or local?\n- Keep the old column?",
    "I can do one of:\n\nA) rewrite the parser\nB) patch it\n\nWhich one?",
    "Should I proceed?\n\n- [ ] drop table users\n- [ ] drop table orders",
    "Before I continue, could you clarify whether admins count as users.",
    "I need your approval to run the migration on the shared database.",
    "Quelle option préférez-vous : A ou B ?",
    "Vuoi che proceda con la prima opzione?",
    "Você quer que eu continue com a opção A?",
    "Welche Variante möchtest du?\n\n1. Sliding\n2. Fixed\n\nIch würde 1 nehmen.",
    "進めてもよろしいでしょうか。",
    "请确认是否删除旧表。",
    "어떤 옵션을 선택할까요?",
    "Mam użyć UTC czy czasu lokalnego?",
    "Vill du att jag tar bort kolumnen?",
    "I could not reproduce it. Can you share the exact command you ran?\n\nThanks!",
    "Should this be a breaking change? The changelog has no entry for 3.0 yet.",
    "What should happen when the file is empty?\n\nAt the moment it raises `ValueError`.",
    "Do you want sliding or fixed? (I recommend sliding.)",
    "Ready to delete 3 branches. Proceed? [y/N]",
    "Would you like me to:\n1. keep the flag\n2. remove it\n\nLet me know if you have any questions.",
    "I'm blocked: the test database is not reachable. Please start it and tell me when it's up.",
    "Reply with A or B.",
    "Which approach do you prefer?\n\n| option | cost |\n|---|---|\n| A | 1 |\n| B | 2 |",
    "?",
    "Should I add more tests for the parser?",
    "If the file has any duplicate rows, should I drop them?",
    "Should I drop the column?\n\nLet me know if you have any questions.",
    "Done with the parser. Do you want the tests in the same commit?\n\nLet me know!",
    "The API has no endpoint for this. Options:\n\n1. Add one\n2. Scrape the page\n3. Give up\n\nI recommend 1.",
    "Which file do you mean -- `a.py` or `b.py`?",
    "Shall I push? :)",
    "Is `user.id` a string or a number in your API?!",
    "Hvilken vil du have?",
    "Hangisini tercih edersiniz?",
    "איזה מהם להשאיר?",
    "कौन सा रखूँ?",
    "Nên giữ cái nào?",
    "I've written the plan below.\n\n1. Add a column\n2. Backfill\n\nDoes this look right to you?",
    "Does this look right?\n\n1. Add a column\n2. Backfill",
    "Before I start: which of these matters more, speed or memory?",
    "The issue contradicts the docs (UTC vs. local). I can't decide this alone - what do you want?",
    "I cannot find the fixture. Where is it? I looked in tests/ and data/.",
    "Shall I:\n- squash the commits, or\n- keep them?",
    "Would you mind confirming the table name? I assumed `users`.",
    "I need a decision: sliding or fixed.",
    "Your call: A or B.",
    "Please advise.",
    "Please let me know how to proceed.",
    "Let me know what you think.",
    "Awaiting your reply.",
    "Could you tell me the password of the test account?",
    "I stopped here because the migration would drop data. Confirm and I'll go on.",
    "**Which option should I take?**\n\n- **A:** fast\n- **B:** safe",
    "### Question\n\nShould the API return 404 or 410?\n\n### Background\n\nThe RFC allows both.",
    "Ich bin unsicher: UTC oder lokale Zeit? Bitte um Rückmeldung.",
    "您希望使用哪种方案？\n\n1. A\n2. B",
    "Est-ce que je supprime la colonne ?",
    'I have not changed anything yet. If you agree with this approach, reply "go" and I\'ll start.',
    "Confirm the deletion and I'll run it.",
    "Would you prefer tabs or spaces here?\n\n(I kept spaces for the moment.)",
    "Pushing is refused: `Permission denied`. You'll need to grant access. Let me know once that's done.",
    "I could not decide between them \u2014 your call: (a) keep the flag, (b) remove it.",
    "Unsure about the name. Options: `fetch`, `load`, `read`. Your pick.",
    "**Question for you:** should it have archived widgets?\n\nI've implemented everything else, and the tests pass.",
    "Everything is pushed except the migration. Do you want it in this PR? The rest is done.",
    "I've prepared the command but did not run it, since it costs money. OK?",
)
DOES_NOT_ASK = (
    "",
    "Έγινε. Όλα τα τεστ περνούν.",
    "All done. The tests pass.",
    "Done. Let me know if you have any questions.",
    "The fix is in. Let me know if you want anything else changed.",
    "Why did it fail? The clock was read twice. It is read once now, and the tests pass.",
    "Is the cache safe here? Yes: every entry has a lock.\n\nThe change is committed.",
    "I fixed the regex.\n\n```js\nconst a = b ? c : d\nwhy?\n```",
    "I changed `isReady?` to `ready?` in the model and updated 3 callers.",
    "See https://example.org/search?q=a for the details.",
    "Fertig. Sag Bescheid, wenn du noch etwas brauchst.",
    'The dialog now says "Delete this file?"',
    'I renamed the label to "Are you sure?" and committed it.',
    "Feel free to ask if anything is unclear.",
    "Implemented. Next steps:\n\n1. Ship\n2. Update the docs",
    "完了しました。テストは全部通りました。",
    'The open question of the issue ("UTC or local?") is answered by its second comment: UTC. I used that.',
    "Added the option. What changed?\n\n- the parser takes `--utc`\n- the docs name it",
    "## What I did\n\n- Added tests\n- Fixed the bug\n\n## Why?\n\nBecause the clock was read twice.",
    "Could this break callers? No, the signature is unchanged.",
    "I wondered: should I use a lock? I did, because two writers exist. All tests pass.",
    "Tests: 12 passed. Anything else?",
    "Is there anything else you would like me to do?",
    "Implemented two options:\n- `--json`\n- `--plain`",
    "The command has these options:\n- `--json`\n- `--plain`",
    'The error said "Did you mean list?" and now it says what to run.',
    "I tell the user which file is wrong now.",
    "Users are asked to confirm before the deletion. Done.",
    "The dialog asks you whether to go on; Enter is no.",
    "Committed as 1a2b3c. The work is complete and ready for your review.",
    "Je l'ai fait. N'hésitez pas si vous avez d'autres questions.",
    "Listo. Si necesitas algo más, dime.",
    "Готово. Если нужно что-то ещё, скажите.",
    "已完成。如果有问题请告诉我。",
    "```bash\n$ read -p 'Go on?' x\n```",
    "Now the prompt reads: Delete it (y/n)? It did not before, and a test covers it.",
    "I have asked: Which colour.",
    "The function returns true when a `?` is found.",
    "Your tests need you to have Docker; I've noted that in the README.",
    "Should you have any questions, ask me.",
    "What was wrong:\n\n- the clock\n- the zone",
    "How it works:\n1. read\n2. write",
    "Alle Tests laufen durch. Warum es vorher scheiterte? Die Uhr ging falsch. Ich habe sie ersetzt.",
    "Pourquoi ? Parce que l'horloge est fausse. J'ai corrigé.",
    "I've answered the reviewer's question (\"why not a lock?\") in the thread.",
    "Ship failed: verify says 'expected ? but got !'. I fixed the parser; all tests pass.",
    "What's next? Nothing: the work is complete.",
    "I added a FAQ:\n\n## How do I install it?\n\nRun pip.\n\n## How do I remove it?\n\nRun pip uninstall.",
    'I added a FAQ section with "How do I install it?" and "How do I remove it?".',
    "The work is done. You can run `make test` to check it.",
    "Committed. You may want to rename the branch later.",
    "I asked the user which approach they want through orchestra worker escalate.",
    "The new prompt is:\n\n```\nDelete the file?\n```\n\nTests cover it.",
    "Done! 🎉",
    "Done. Happy to adjust anything.",
    'The question in the issue was: "Can we drop 3.8?" The answer is yes; nothing needs it. It is off the list.',
    "Your call to `foo()` is gone from the module, and the tests pass.",
    "If you'd like more tests, say so and I'll add them.",
    "The API should respond with 404 and so I can drop the check; done and pushed.",
    "The reviewer asks: should this be a set? I answered in the thread that order matters.",
    "All of the list is done:\n- [x] Should errors be logged?\n- [x] Should retries be limited?\n\nPushed.",
    "If you hit any problem with it, tell me and I'll look into it.",
)


@pytest.mark.parametrize("message", ASKS)
def test_it_asks(message: str) -> None:
    assert asking(message)


@pytest.mark.parametrize("message", DOES_NOT_ASK)
def test_it_does_not_ask(message: str) -> None:
    assert not asking(message)


def test_what_is_asked_begins_at_the_question_and_has_its_options() -> None:
    message = "I read both.\n\nWhich one do you want?\n\n1. UTC\n2. Local time\n\nI'd take 1."
    assert asking(message) == "Which one do you want? UTC Local time I'd take 1."


def test_a_fence_that_was_cut_off_is_no_part_of_it() -> None:
    assert asking("\u2026 = b ? c : d\n```\nShall I keep it?") == "Shall I keep it?"
    assert not asking("\u2026done.\nWhy?\n```\nAll tests pass.")
    assert asking("Shall I keep it?\n```\na = b") == "Shall I keep it?"


@pytest.mark.parametrize("piece", ["```\n", "? ", "(" * 50, "- x?\n", "'a' ", "**", "please ", "\u201e", "if you "])
def test_no_message_takes_long(piece: str) -> None:
    asking(piece * (2000 // len(piece)))
