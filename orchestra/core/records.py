"""`Record`: typing.NamedTuple as a hook can afford it.

Importing `typing` costs 11 ms of CPU and each of its named tuples 0.3 ms more, in a hook whose whole budget is twice
a bare interpreter's 10 ms (make bench). To type checkers this is typing.NamedTuple; it behaves as one.
"""

from __future__ import annotations

TYPE_CHECKING = False

__all__ = ["Record"]

if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from _collections import _tuplegetter
    from _operator import itemgetter

    class _RecordType(type):
        def __new__(cls, name, bases, space):
            """A class whose annotated names are the places of a tuple, in order; values are defaults."""
            if bases != (tuple,):
                fields = tuple(space.get("__annotations__", ()))
                defaults = {field: space.pop(field) for field in fields if field in space}
                places = {field: _tuplegetter(place, None) for place, field in enumerate(fields)}
                space = {**space, **places, "_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
                space["_in_order"] = itemgetter(*fields) if len(fields) > 1 else None
            space["__slots__"] = ()
            return super().__new__(cls, name, bases, space)

    class Record(tuple, metaclass=_RecordType):
        """A tuple with named places."""

        _fields = ()
        _field_defaults = {}  # noqa: RUF012 - one for each class, made with it

        def __new__(cls, *given, **named):
            """By place or by name, as a named tuple."""
            if named or len(given) != len(cls._fields):
                given = cls._filled(given, named)
            return tuple.__new__(cls, given)

        @classmethod
        def _filled(cls, given, named):
            """The values of all places. Raises TypeError, as a call that does not fit."""
            fields = cls._fields
            by_name = dict(zip(fields, given, strict=False))
            values = {**cls._field_defaults, **by_name, **named}
            if len(given) > len(fields) or len(values) > len(fields) or not named.keys().isdisjoint(by_name):
                raise TypeError(f"{cls.__name__} takes {', '.join(fields)}; given {given!r} {named!r}")
            try:
                return cls._in_order(values) if cls._in_order else tuple(values[field] for field in fields)
            except KeyError as missing:
                raise TypeError(f"{cls.__name__} needs {missing.args[0]}") from None

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **named):
            found = tuple(named.pop(field, value) for field, value in zip(self._fields, self, strict=True))
            if named:
                raise TypeError(f"{type(self).__name__} has no {', '.join(named)}")
            return tuple.__new__(type(self), found)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            shown = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({shown})"

        def __getnewargs__(self):
            return tuple(self)
