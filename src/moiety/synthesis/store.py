"""Values by number: what atoms give of what, computed once in a process.

Equal values have one number, so that equality of values is equality of numbers, and the application of an atom to a
value already seen is one look-up. Columns of numbers (the values of one call on many inputs) have numbers likewise:
two calls that agree on all inputs give the same column, and what later calls make of it is known. Nothing here decides
anything; a store that grew over its capacity is emptied whole between two functions, which changes no result.
"""

from __future__ import annotations

import functools
import marshal
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from moiety.atoms.definition import Atom
from moiety.judge.codec import encode
from moiety.synthesis.derived import Choice
from moiety.synthesis.graph import Call, Graph
from moiety.synthesis.limits import within_limits

TOO_LARGE: Final = 0
RAISED: Final = 1
FALSE: Final = 2
TRUE: Final = 3
_FIRST: Final = (None, None, False, True)
MAX_VALUES: Final = 400_000
MAX_CALLS: Final = 1_500_000
MAX_CELLS: Final = 8_000_000  # of columns

Numbers = tuple[int, ...]
Row = Numbers  # the numbers of one list of arguments


class Store:
    """Numbers of values and columns, and what each atom makes of them. `share` scales how much is remembered."""

    def __init__(self, *, share: float = 1.0) -> None:
        self._share = share
        self.clear()

    def __reduce__(self) -> tuple[Any, ...]:
        # What is remembered stays in its process: only who asks for it travels.
        return (shared_store, ()) if self is shared_store() else (Store, ())

    def clear(self) -> None:
        """Forget everything; numbers given before mean nothing any more."""
        self.values: list[Any] = list(_FIRST)
        self.columns: list[Numbers] = []
        self.calls = self.cells = 0
        self._known: defaultdict[type, dict[Any, int]] = defaultdict(dict)
        self._known[bool] = {marshal.dumps(False, 0): FALSE, marshal.dumps(True, 0): TRUE}
        self._column_numbers: dict[Numbers, int] = {}
        self._applied: dict[int, Applied] = {}
        self._forms: dict[int, bytes] = {}
        self.pools: dict[object, Any] = {}

    def trim(self) -> None:
        """Forget everything if that is more than is to be remembered. Only between two functions."""
        full = (
            len(self.values) > MAX_VALUES * self._share
            or self.calls > MAX_CALLS * self._share
            or self.cells > MAX_CELLS * self._share
        )
        if full:
            self.clear()

    def number(self, value: Any) -> int:
        """Return the number of a value, TOO_LARGE for one over the limits."""
        kind = type(value)
        known = self._known[kind]
        text = value if kind is int or kind is str else marshal.dumps(value, 0)  # of plain values, exact
        found = known.get(text)
        if found is None:
            if within_limits(value):
                found = len(self.values)
                self.values.append(value)
            else:
                found = TOO_LARGE
            known[text] = found
        return found

    def row(self, arguments: Sequence[Any]) -> Row:
        """Return the numbers of a list of arguments."""
        return tuple(map(self.number, arguments))

    def column(self, numbers: Numbers) -> int:
        """Return the number of a column."""
        found = self._column_numbers.get(numbers)
        if found is None:
            found = self._column_numbers[numbers] = len(self.columns)
            self.columns.append(numbers)
            self.cells += len(numbers) + 60
        return found

    def pool(self, rows: Sequence[Sequence[Any]]) -> Numbers:
        """Return the columns of lists of arguments, one per argument."""
        return tuple(self.column(numbers) for numbers in zip(*map(self.row, rows), strict=True))

    def applied(self, atom: Atom) -> Applied:
        """Return what is known of an atom."""
        found = self._applied.get(id(atom))
        if found is None:
            kind = _Chosen if isinstance(atom, Choice) else _Unary if len(atom.inputs) == 1 else Applied
            found = self._applied[id(atom)] = kind(atom, self)
        return found

    def run(self, graph: Graph, inputs: Numbers) -> list[int]:
        """Return the numbers of all columns of a graph: the inputs, then one per call."""
        columns = list(inputs)
        for call in graph.calls:
            columns.append(self.apply(call, columns))
        return columns

    def apply(self, call: Call, columns: Sequence[int]) -> int:
        """Return the number of the column that a call gives of the columns before it."""
        return self.applied(call.atom).column(tuple([columns[i] for i in call.arguments]))

    def form(self, number: int) -> bytes:
        """Return the canonical bytes of a value after their length."""
        found = self._forms.get(number)
        if found is None:
            text = encode(self.values[number])
            found = self._forms[number] = len(text).to_bytes(8, "big") + text
        return found


class Applied(dict[Any, int]):
    """What one atom gives, by the numbers of what it takes; a call not made before is made.

    The keys are tuples of numbers. Flawed atoms may raise; atoms never do.
    """

    __slots__ = ("_columns", "_store", "atom")

    def __init__(self, atom: Atom, store: Store) -> None:
        super().__init__()
        self.atom, self._store = atom, store  # the atom is held, so that its id stays its own
        self._columns: dict[Numbers, int] = {}

    def __missing__(self, taken: Numbers) -> int:
        failed = min(taken)
        result = self[taken] = failed if failed < FALSE else self._call(taken)
        return result

    def _call(self, taken: Numbers) -> int:
        store = self._store
        store.calls += 1
        try:
            value = self.atom.function(*[store.values[number] for number in taken])
        except Exception:
            return RAISED
        return store.number(value)

    def column(self, taken: Numbers) -> int:
        """Return the number of the column it gives of columns."""
        found = self._columns.get(taken)
        if found is None:
            store = self._store
            found = store.column(self.numbers([store.columns[number] for number in taken]))
            self._columns[taken] = found
        return found

    def numbers(self, columns: Sequence[Sequence[int]]) -> Numbers:
        """Return what it gives of columns, place by place."""
        return tuple(map(self.__getitem__, zip(*columns, strict=True)))

    def of(self, taken: Numbers) -> int:
        """Return what it gives of one list of arguments."""
        return self[taken]


class _Unary(Applied):
    """An atom of one argument: the keys are plain numbers."""

    __slots__ = ()

    def __missing__(self, taken: Any) -> int:
        result = self[taken] = taken if taken < FALSE else self._call((taken,))
        return result

    def numbers(self, columns: Sequence[Sequence[int]]) -> Numbers:
        return tuple(map(self.__getitem__, columns[0]))

    def of(self, taken: Numbers) -> int:
        return self[taken[0]]


class _Chosen(Applied):
    """A choice, which needs no call: what it does not choose may fail."""

    __slots__ = ()

    def numbers(self, columns: Sequence[Sequence[int]]) -> Numbers:
        return tuple(map(self.of, zip(*columns, strict=True)))

    def of(self, taken: Numbers) -> int:
        flag, first, second = taken
        return first if flag == TRUE else second if flag == FALSE else flag


@functools.cache
def shared_store() -> Store:
    """Return the store of this process, which all checks of functions share."""
    return Store()
