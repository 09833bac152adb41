"""The jobs that a trainer has given and that have no verdict yet, and what a death of the supervisor means for them.

A supervisor that dies is replaced, and what it had is sent again. Should one job be the cause, sending all of them at
once would kill every successor, so each death cuts what the next one gets at a time to an eighth, until a job that
kills is alone with it; after three deaths alone it is CRASHED. No other job is lost.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from moiety.judge.verdicts import Verdict

Settled = tuple[str, tuple[str, ...], float, float, bool, str, tuple[bytes, ...] | None]
_CUT, _MAX_ALONE = 8, 3
_WIDE = 4096  # a window that was that wide without a death is lifted


@dataclass(slots=True, eq=False)
class _Entry:
    data: bytes
    num_tests: int
    future: Future[Settled] = field(default_factory=Future)
    deaths_alone: int = 0


class Ledger:
    """Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._unsent: deque[int] = deque()
        self._sent: dict[int, None] = {}  # in the order of sending
        self._window: int | None = None  # how many the supervisor may have at once, None for any number
        self._calm = 0  # verdicts since the window was set

    def add(self, number: int, data: bytes, num_tests: int) -> Future[Settled]:
        """Take a job."""
        entry = self._entries[number] = _Entry(data, num_tests)
        self._unsent.append(number)
        return entry.future

    def take(self) -> list[bytes]:
        """Return what is to be sent now."""
        room = len(self._unsent) if self._window is None else max(0, self._window - len(self._sent))
        numbers = [self._unsent.popleft() for _ in range(min(room, len(self._unsent)))]
        self._sent.update(dict.fromkeys(numbers))
        return [self._entries[number].data for number in numbers]

    def settle(self, number: int) -> Future[Settled] | None:
        """Return the future of a job that has its verdict, and forget the job."""
        entry = self._entries.pop(number, None)
        self._sent.pop(number, None)
        if self._window is not None:
            self._calm += 1
            if self._calm >= self._window:
                self._window, self._calm = (2 * self._window if self._window < _WIDE else None), 0
        return entry.future if entry else None

    def bury_supervisor(self) -> tuple[Future[Settled], Settled] | None:
        """Put back what a dead supervisor had. Returns the job that killed it, where that is now sure, with its end."""
        had = list(self._sent)
        self._sent.clear()
        self._calm = 0
        if not had:
            return None
        self._window = max(1, len(had) // _CUT)
        if len(had) == 1:
            entry = self._entries[had[0]]
            entry.deaths_alone += 1
            if entry.deaths_alone >= _MAX_ALONE:
                del self._entries[had[0]]
                return entry.future, _crashed(entry.num_tests)
        self._unsent.extendleft(reversed(had))
        return None

    def clear(self) -> list[Future[Settled]]:
        """Forget every job and return their futures."""
        futures = [entry.future for entry in self._entries.values()]
        self._entries.clear()
        self._unsent.clear()
        self._sent.clear()
        return futures


def _crashed(num_tests: int) -> Settled:
    detail = f"the supervisor died {_MAX_ALONE} times while it had this job alone"
    name = Verdict.CRASHED.value
    return name, (name,) * num_tests, 0.0, 0.0, False, detail, (b"",) * num_tests
