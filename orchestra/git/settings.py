"""The settings that git reads in one repository, all at once: one question instead of one for each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestra.core.records import Record


class Settings(Record):
    """Values by key, oldest first. None is a key without `=`, which git takes for true."""

    values: Mapping[str, Sequence[str | None]]

    def last(self, key: str) -> str:
        """The value that counts: the last one; empty when there is none."""
        return self.values.get(key, ("",))[-1] or ""

    def is_true(self, key: str) -> bool:
        """Whether it is true by git's rules: true, yes, on, a number other than 0, or a key without a value."""
        value = self.values.get(key, ("",))[-1]
        if value is None:
            return True
        number = value.strip().lstrip("+-").rstrip("kKmMgG")
        return value.lower() in ("true", "yes", "on") or (number.isdecimal() and int(number) != 0)

    def of(self, section: str, variable: str) -> Iterator[tuple[str, str]]:
        """The subsections of `section` that have `variable`, with its value."""
        for key in self.values:
            name = key.removeprefix(f"{section}.").removesuffix(f".{variable}")
            if key == f"{section}.{name}.{variable}":
                yield name, self.last(key)


def settings_in(listed: str) -> Settings:
    """The settings in what `git config -z --list` prints."""
    values: dict[str, list[str | None]] = {}
    for entry in filter(None, listed.split("\0")):
        key, given, value = entry.partition("\n")
        values.setdefault(key, []).append(value if given else None)
    return Settings(values)
