"""The closed set of value types that atoms consume and produce: membership, subtyping, size, JSON, words for them.

A domain is a type: `nonneg_int` and `nonempty list[int]` stand beside `int` and `list[int]`, with declared subtyping.
Not a wire codec and not an equality (both live in `moiety.judge.codec`), and not a checker of Python annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin

NonNegInt = Annotated[int, "nonneg_int"]
SmallNat = Annotated[int, "small_nat"]
NonEmptyStr = Annotated[str, "nonempty_str"]
NonEmptyInts = Annotated[list[int], "nonempty list[int]"]
NonEmptyStrs = Annotated[list[str], "nonempty list[str]"]
Rows = Annotated[list[list[int]], "list[list[int]]"]
Grid = Annotated[list[list[int]], "grid"]

LANGUAGES: Final = ("en", "zh")

SMALL_NAT_MAX: Final = 1000
_SAFE_JSON_INTEGER = 2**53


@dataclass(frozen=True)
class ValueType:
    """One type: its name, its Python annotation, the type it is a subtype of, and the usual name of a variable."""

    name: str
    annotation: str
    parent: str | None
    variable: str

    @property
    def second_variable(self) -> str:
        """The name of a second parameter of this annotation."""
        return _SECOND_VARIABLES[self.annotation]


_VARIABLES = {
    "int": "n",
    "bool": "flag",
    "str": "s",
    "list[int]": "xs",
    "list[str]": "words",
    "list[bool]": "flags",
    "list[list[int]]": "rows",
}
_SECOND_VARIABLES = {
    "int": "m",
    "bool": "other",
    "str": "t",
    "list[int]": "ys",
    "list[str]": "others",
    "list[bool]": "others",
    "list[list[int]]": "others",
}


def _declare(name: str, annotation: str, parent: str | None = None) -> ValueType:
    return ValueType(name, annotation, parent, _VARIABLES[annotation])


_TYPES: Final[dict[str, ValueType]] = {
    t.name: t
    for t in (
        _declare("int", "int"),
        _declare("nonneg_int", "int", "int"),
        _declare("small_nat", "int", "nonneg_int"),
        _declare("bool", "bool"),
        _declare("str", "str"),
        _declare("nonempty_str", "str", "str"),
        _declare("list[int]", "list[int]"),
        _declare("nonempty list[int]", "list[int]", "list[int]"),
        _declare("list[str]", "list[str]"),
        _declare("nonempty list[str]", "list[str]", "list[str]"),
        _declare("list[bool]", "list[bool]"),
        _declare("list[list[int]]", "list[list[int]]"),
        _declare("grid", "list[list[int]]", "list[list[int]]"),
    )
}


def _wider(t: ValueType) -> Iterator[str]:
    yield t.name
    if t.parent is not None:
        yield from _wider(_TYPES[t.parent])


_WIDER: Final = {t.name: frozenset(_wider(t)) for t in _TYPES.values()}


def value_type(name: str) -> ValueType:
    """Return the type called `name`. Raises ValueError that lists the names there are."""
    if name not in _TYPES:
        raise ValueError(f"need one of the types {', '.join(_TYPES)}, got {name!r}")
    return _TYPES[name]


def all_types() -> tuple[ValueType, ...]:
    """Return every type, parents before their subtypes."""
    return tuple(_TYPES.values())


def type_of_annotation(annotation: Any) -> ValueType:
    """Return the type that a resolved annotation of an atom names: `list[int]`, or an alias such as `NonEmptyInts`."""
    if get_origin(annotation) is Annotated:
        return value_type(str(get_args(annotation)[1]))
    return value_type(annotation.__name__ if annotation in (int, bool, str) else str(annotation))


def pair_type(a: ValueType, b: ValueType) -> ValueType:
    """Return the type of a tuple of two values. It is none of the closed set: a function may give one, no atom does."""
    name = f"tuple[{a.annotation}, {b.annotation}]"
    return ValueType(name, name, None, "pair")


def is_subtype(a: ValueType, b: ValueType) -> bool:
    """Tell whether every value of `a` is declared to be a value of `b` (reflexive, transitive)."""
    return a.name == b.name or b.name in _WIDER.get(a.name, ())


def root_type(t: ValueType) -> ValueType:
    """Return the widest type that `t` is declared to be a subtype of."""
    while t.parent is not None:
        t = _TYPES[t.parent]
    return t


def _is_list(value: object, item: type) -> bool:
    return type(value) is list and all(type(v) is item for v in value)


def _is_rows(value: object) -> bool:
    return type(value) is list and all(_is_list(row, int) for row in value)


_CONTAINS: Final[dict[str, Callable[[Any], bool]]] = {
    "int": lambda v: type(v) is int,
    "nonneg_int": lambda v: type(v) is int and v >= 0,
    "small_nat": lambda v: type(v) is int and 0 <= v <= SMALL_NAT_MAX,
    "bool": lambda v: type(v) is bool,
    "str": lambda v: type(v) is str,
    "nonempty_str": lambda v: type(v) is str and v != "",
    "list[int]": lambda v: _is_list(v, int),
    "nonempty list[int]": lambda v: _is_list(v, int) and len(v) > 0,
    "list[str]": lambda v: _is_list(v, str),
    "nonempty list[str]": lambda v: _is_list(v, str) and len(v) > 0,
    "list[bool]": lambda v: _is_list(v, bool),
    "list[list[int]]": _is_rows,
    "grid": lambda v: _is_rows(v) and len(v) > 0 and len(v[0]) > 0 and len({len(row) for row in v}) == 1,
}


def contains(t: ValueType, value: object) -> bool:
    """Tell whether `value` is of type `t`: every element is looked at, bool is not int, subclasses do not count."""
    return _CONTAINS[t.name](value)


def size(value: Any) -> int:
    """Return the number of cells a value takes: eight digits, one character, or one element (nested ones added up)."""
    if type(value) is int:
        return 1 + value.bit_length() * 30103 // 800_000
    if type(value) is str:
        return len(value)
    if type(value) is list or type(value) is tuple:
        return sum(max(1, size(item)) for item in value)
    return 1


def to_json(value: Any) -> Any:
    """Return a JSON-able form of a value: tuples and integers beyond 2**53 carry a type tag. Raises TypeError."""
    if type(value) is int:
        return value if abs(value) <= _SAFE_JSON_INTEGER else {"$int": hex(value)}
    if value is None or type(value) is bool or type(value) is str:
        return value
    if type(value) is list:
        return [to_json(item) for item in value]
    if type(value) is tuple:
        return {"$tuple": [to_json(item) for item in value]}
    raise TypeError(f"need None, bool, int, str, list or tuple, got {type(value).__name__}")


def from_json(obj: Any) -> Any:
    """Undo `to_json`. Raises ValueError on a tag it does not know."""
    if type(obj) is list:
        return [from_json(item) for item in obj]
    if type(obj) is dict:
        match obj:
            case {"$int": str(digits), **rest} if not rest:
                return int(digits, 16)
            case {"$tuple": list(items), **rest} if not rest:
                return tuple(from_json(item) for item in items)
        raise ValueError(f"need a tag $int or $tuple, got {sorted(obj)}")
    return obj


# Per type and language: the noun, the phrase that introduces a value (with the place of its name), and what is said of
# the values of a subtype where nothing introduces them.
_WORDS: Final[dict[str, dict[str, tuple[str, str, str]]]] = {
    "int": {"en": ("number", "an integer{name}", ""), "zh": ("数", "一个整数{name}", "")},
    "nonneg_int": {
        "en": ("number", "a non-negative integer{name}", "not negative"),
        "zh": ("数", "一个非负整数{name}", "非负"),
    },
    "small_nat": {
        "en": ("number", f"an integer{{name}} from 0 to {SMALL_NAT_MAX}", f"from 0 to {SMALL_NAT_MAX}"),
        "zh": ("数", f"一个 0 到 {SMALL_NAT_MAX} 的整数{{name}}", f"0 到 {SMALL_NAT_MAX}"),
    },
    "bool": {"en": ("truth value", "a truth value{name}", ""), "zh": ("真假值", "一个真假值{name}", "")},
    "str": {"en": ("string", "a string{name}", ""), "zh": ("字符串", "一个字符串{name}", "")},
    "nonempty_str": {
        "en": ("string", "a non-empty string{name}", "not empty"),
        "zh": ("字符串", "一个非空字符串{name}", "非空"),
    },
    "list[int]": {"en": ("list", "a list{name} of integers", ""), "zh": ("列表", "一个整数列表{name}", "")},
    "nonempty list[int]": {
        "en": ("list", "a non-empty list{name} of integers", "not empty"),
        "zh": ("列表", "一个非空整数列表{name}", "非空"),
    },
    "list[str]": {"en": ("list", "a list{name} of strings", ""), "zh": ("列表", "一个字符串列表{name}", "")},
    "nonempty list[str]": {
        "en": ("list", "a non-empty list{name} of strings", "not empty"),
        "zh": ("列表", "一个非空字符串列表{name}", "非空"),
    },
    "list[bool]": {"en": ("list", "a list{name} of truth values", ""), "zh": ("列表", "一个真假值列表{name}", "")},
    "list[list[int]]": {
        "en": ("table", "a table{name} (a list of rows of integers, of any lengths)", ""),
        "zh": ("表格", "一个表格{name}（由若干行整数组成，各行长度可以不同）", ""),
    },
    "grid": {
        "en": ("table", "a table{name} with at least one cell and rows of one length", "not empty, rows of one length"),
        "zh": ("表格", "一个至少有一格且各行等长的表格{name}", "非空，各行等长"),
    },
}


def _word(t: ValueType, language: str, position: int) -> str:
    if language not in LANGUAGES:
        raise ValueError(f"need language 'en' or 'zh', got {language!r}")
    return _WORDS[t.name][language][position]


def bare_noun(t: ValueType, language: str) -> str:
    """Return the noun for a value of a type: "list"."""
    return _word(t, language, 0)


def noun(t: ValueType, language: str) -> str:
    """Return how a sentence refers to a value already named: "the list"."""
    word = _word(t, language, 0)
    return f"the {word}" if language == "en" else f"这个{word}"


def indefinite(t: ValueType, language: str, *, name: str = "") -> str:
    """Return how a sentence introduces a value, and its name where it has one: "a list xs of integers"."""
    return _word(t, language, 1).format(name=f" {name}" if name else "")


def restriction(t: ValueType, language: str) -> str:
    """Return what sets the values of a subtype apart: "from 0 to 1000"; nothing for a type that is no subtype."""
    return _word(t, language, 2)
