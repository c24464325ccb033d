"""A diff of git as records: names, kinds, numbers of lines, whatever a file holds."""

from __future__ import annotations

import pytest

from orchestra.git.patch import FilePatch, Kind, of_new_file, parse, unquoted

pytestmark = pytest.mark.fast

CHANGED = """diff --git a/a b.py b/a b.py
index 1..2 100644
--- a/a b.py\t
+++ b/a b.py\t
@@ -1,4 +1,4 @@ def f():
 one
--- a/a b.py
++++ b/evil
+@@ -1 +1 @@
 diff --git a/x b/x
-last
\\ No newline at end of file
"""


def test_a_line_that_looks_like_a_header_is_a_line() -> None:
    (one,) = parse(CHANGED)
    assert (one.path, one.kind, one.added, one.removed) == ("a b.py", Kind.CHANGED, 2, 2)
    (hunk,) = one.hunks
    assert hunk.title == "def f():"
    assert [(line.sign, line.text, line.old, line.new) for line in hunk.lines] == [
        (" ", "one", 1, 1),
        ("-", "-- a/a b.py", 2, 0),
        ("+", "+++ b/evil", 0, 2),
        ("+", "@@ -1 +1 @@", 0, 3),
        (" ", "diff --git a/x b/x", 3, 4),
        ("-", "last", 4, 0),
    ]
    assert hunk.lines[-1].no_newline
    assert hunk.new_end == 5


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("diff --git a/x b/x\nold mode 100644\nnew mode 100755",
         FilePatch("x", notes=("old mode 100644", "new mode 100755"))),
        ("diff --git a/x y b/x y\nnew file mode 100644\nindex 0..1",
         FilePatch("x y", Kind.ADDED, notes=("new file mode 100644",))),
        ("diff --git a/p b/q\nsimilarity index 100%\nrename from p\nrename to q",
         FilePatch("q", Kind.RENAMED, "p", notes=("similarity index 100%",))),
        ("diff --git a/p b/q\nsimilarity index 90%\ncopy from p\ncopy to q",
         FilePatch("q", Kind.COPIED, "p", notes=("similarity index 90%",))),
        ("diff --git a/x.png b/x.png\ndeleted file mode 100644\nBinary files a/x.png and /dev/null differ",
         FilePatch("x.png", Kind.DELETED, binary=True, notes=("deleted file mode 100644",))),
        ('diff --git "a/t\\tb" "b/t\\tb"\nnew file mode 100644', FilePatch("t\tb", Kind.ADDED, notes=("new file mode 100644",))),
    ],
)  # fmt: skip
def test_a_file_without_lines(header: str, expected: FilePatch) -> None:
    assert parse(header) == (expected,)


def test_a_quoted_name_is_the_name_that_the_file_system_has() -> None:
    assert unquoted(r'"a\"b\\c\303\244\n"') == 'a"b\\c\u00e4\n'
    assert unquoted(r'"\377"') == "\udcff"
    assert unquoted('"plain') == '"plain'


def test_a_new_file_is_all_of_it_added() -> None:
    one = of_new_file("n", "a\nb")
    assert (one.added, one.hunks[0].lines[-1].no_newline) == (2, True)
    assert of_new_file("n", "a\0").binary
    assert of_new_file("n", "").hunks == ()
    assert parse("") == ()
