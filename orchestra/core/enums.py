"""`StrEnum`: enum.StrEnum as a hook can afford it.

Importing `enum` costs 6 ms and each of its classes 0.3 ms more, in a hook that is started at every event of an agent
(make bench). To type checkers this is enum.StrEnum; it behaves as one.
"""

from __future__ import annotations

TYPE_CHECKING = False

__all__ = ["StrEnum"]

if TYPE_CHECKING:
    from enum import StrEnum
else:

    class _StrEnumType(type):
        def __new__(cls, name, bases, space):
            """A class whose public strings are its members, in order."""
            members = {key: value for key, value in space.items() if key[0] != "_" and isinstance(value, str)}
            made = super().__new__(cls, name, bases, space)
            made._by_value = {}
            made.__members__ = {}
            for key, value in members.items():
                member = made._by_value.get(value)
                if member is None:
                    member = str.__new__(made, value)
                    member.name, member.value = key, value
                    made._by_value[value] = member
                made.__members__[key] = member
                type.__setattr__(made, key, member)
            return made

        def __call__(cls, value):
            """The member of this value; raises ValueError."""
            try:
                return cls._by_value[value]
            except (KeyError, TypeError):
                raise ValueError(f"{value!r} is not a valid {cls.__name__}") from None

        def __getitem__(cls, name):
            return cls.__members__[name]

        def __contains__(cls, value):
            return isinstance(value, str) and value in cls._by_value

        def __iter__(cls):
            return iter(cls._by_value.values())

        def __len__(cls):
            return len(cls._by_value)

    class StrEnum(str, metaclass=_StrEnumType):
        """A string that is one of a few."""

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __copy__(self):
            return self

        def __deepcopy__(self, memo):
            return self

        def __reduce_ex__(self, protocol):
            return type(self), (self.value,)
