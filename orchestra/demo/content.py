"""What the demo's repository is made of: a tiny shop with tests, and issues with scripts for the scripted agent."""

from __future__ import annotations

from collections.abc import Mapping

_EXPORT = """---
title: Export the catalogue as CSV
author: ada
labels: [feature]
---
People want the catalogue in their spreadsheets. One line for each widget, below a line with the columns' names.

The scripted agent takes these steps:

```script
plan "Add widgets/export.py with to_csv(), and a test that reads its output back."
pause 1
status working
write widgets/export.py
    '''The catalogue as CSV, for spreadsheets.'''

    import csv
    import io

    from widgets.catalog import CATALOG


    def to_csv(widgets=CATALOG):
        '''One line for each widget, below a line with the columns' names.'''
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\\n")
        writer.writerow(("name", "cents"))
        writer.writerows(widgets)
        return out.getvalue()
pause 1
write tests/test_export.py
    import csv
    import unittest

    from widgets.catalog import CATALOG
    from widgets.export import to_csv


    class TestExport(unittest.TestCase):
        def test_every_widget_comes_back(self):
            names, *rows = csv.reader(to_csv().splitlines())
            self.assertEqual(names, ["name", "cents"])
            self.assertEqual([(name, int(cents)) for name, cents in rows], list(CATALOG))
run python3 -m unittest -q
commit "Export the catalogue as CSV"
ship
say "The export is ready to review."
```
"""

_REFRESH = """---
title: Refresh sign-in tokens before people are signed out
author: grace
labels: [feature, security]
---
People are signed out after an hour, in the middle of what they do.

How tokens are refreshed is a security decision: ask the user. The scripted agent takes these steps:

```script
plan "Ask which approach is wanted, then refresh the token when it is used."
pause 1
escalate "Token refresh approach?" --gate domain --option sliding --option fixed \\
    --context "Sliding: every use gives another hour. Fixed: only a use in the last ten minutes does." \\
    --need "one of the two"
status working
write widgets/tokens.py
    '''Sign-in tokens of the shop, and how they are refreshed.'''

    LIFETIME = 3600  # seconds
    APPROACH = {answer!r}  # the user decided it


    class Token:
        '''Good for an hour after it was made or refreshed.'''

        def __init__(self, now):
            self.expires = now + LIFETIME

        def valid(self, now):
            return now < self.expires

        def use(self, now, approach=APPROACH):
            '''Refresh it at every use (sliding), or in its last ten minutes (fixed).'''
            left = self.expires - now
            if left > 0 and (left < 600 or "fixed" not in approach):
                self.expires = now + LIFETIME
write tests/test_refresh.py
    import unittest

    from widgets.tokens import Token


    class TestRefresh(unittest.TestCase):
        def used(self, approach, after):
            token = Token(now=0)
            token.use(now=after, approach=approach)
            return token.expires

        def test_sliding_counts_from_the_last_use(self):
            self.assertEqual(self.used("sliding", after=60), 3660)

        def test_fixed_waits_for_the_last_ten_minutes(self):
            self.assertEqual(self.used("fixed", after=60), 3600)
            self.assertEqual(self.used("fixed", after=3300), 6900)

        def test_what_has_expired_stays_so(self):
            self.assertEqual(self.used("sliding", after=3600), 3600)
pause 1
commit "Refresh sign-in tokens when they are used"
ship
say "Tokens are refreshed as you said."
```
"""

_PRICES = """---
title: Prices lose their last zero
author: ada
labels: [bug]
---
A sprocket is shown at `12.5 EUR`. It should say `12.50 EUR`.

The scripted agent takes these steps. Its first try is wrong, and the verification finds it:

```script
status planning
pause 1
status working
write tests/test_prices.py
    import unittest

    from widgets.prices import price


    class TestPrices(unittest.TestCase):
        def test_cents_always_have_two_digits(self):
            self.assertEqual(price(312), "3.12 EUR")
            self.assertEqual(price(1250), "12.50 EUR")
            self.assertEqual(price(300), "3.00 EUR")
write widgets/prices.py
    '''Prices as people read them.'''


    def price(cents):
        '''Cents as euros: `3.12 EUR`.'''
        return f"{round(cents / 100, 2)} EUR"
commit "Round prices to two digits"
pause 1
ship
else
    say "Rounding drops the zero, too: the format has to ask for two digits."
    pause 2
    write widgets/prices.py
        '''Prices as people read them.'''


        def price(cents):
            '''Cents as euros: `3.12 EUR`.'''
            return f"{cents / 100:.2f} EUR"
    commit "Format prices with two digits"
    ship
end
```
"""

_SEARCH = """---
title: Find a widget by a part of its name
author: grace
labels: [feature]
---
`find("ock")` should give the sprocket. This one is yours: `orchestra spawn 4`.

```script
status planning
pause 1
status working
write widgets/search.py
    '''Find widgets by a part of their name.'''

    from widgets.catalog import CATALOG


    def find(part, widgets=CATALOG):
        '''The widgets whose name holds `part`, in any case.'''
        return [widget for widget in widgets if part.lower() in widget.name.lower()]
write tests/test_search.py
    import unittest

    from widgets.search import find


    class TestSearch(unittest.TestCase):
        def test_a_part_in_any_case_is_enough(self):
            self.assertEqual([widget.name for widget in find("OCK")], ["sprocket"])
            self.assertEqual(find("gizmo"), [])
commit "Find a widget by a part of its name"
ship
```
"""

FILES: Mapping[str, str] = {
    "README.md": """# widgets

A tiny shop, made for a demo of orchestra. Three workers are on its issues 1 to 3. From this directory:

    orchestra list            who needs you
    orchestra tell 2 sliding  answer worker 2, which asks how to refresh tokens
    orchestra log 3           how worker 3 failed its verification, and fixed it
    orchestra spawn 4         start a worker on the fourth issue
    orchestra down            end it; the work stays

The issues are in .orchestra/issues. `git diff main...issue-1` shows what worker 1 did.
""",
    "orchestra.yaml": """# No account is needed: issues are Markdown files, with a script for the agent in each.
tracker: local
agent: scripted
verify: python3 -m unittest -q
""",
    ".gitignore": "__pycache__/\n",
    "widgets/__init__.py": "",
    "widgets/catalog.py": """'''What the shop sells.'''

from typing import NamedTuple


class Widget(NamedTuple):
    name: str
    cents: int


CATALOG = (Widget("sprocket", 1250), Widget("flange", 300), Widget("grommet", 99))
""",
    "widgets/prices.py": """'''Prices as people read them.'''


def price(cents):
    '''Cents as euros: `3.12 EUR`.'''
    return f"{cents / 100} EUR"
""",
    "widgets/tokens.py": """'''Sign-in tokens of the shop.'''

LIFETIME = 3600  # seconds


class Token:
    '''Good for an hour.'''

    def __init__(self, now):
        self.expires = now + LIFETIME

    def valid(self, now):
        return now < self.expires
""",
    "tests/__init__.py": "",
    "tests/test_shop.py": """import unittest

from widgets.catalog import CATALOG
from widgets.prices import price
from widgets.tokens import LIFETIME, Token


class TestShop(unittest.TestCase):
    def test_everything_has_a_price(self):
        self.assertTrue(all(widget.cents > 0 for widget in CATALOG))
        self.assertEqual(price(312), "3.12 EUR")

    def test_a_token_is_good_for_its_lifetime(self):
        self.assertTrue(Token(now=0).valid(LIFETIME - 1))
        self.assertFalse(Token(now=0).valid(LIFETIME))
""",
    ".orchestra/issues/0001-export-the-catalogue.md": _EXPORT,
    ".orchestra/issues/0002-refresh-tokens.md": _REFRESH,
    ".orchestra/issues/0003-prices-lose-their-zero.md": _PRICES,
    ".orchestra/issues/0004-find-a-widget.md": _SEARCH,
}
