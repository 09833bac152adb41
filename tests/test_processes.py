"""Worker processes: in order or as they come, no more jobs than needed, and a death is told."""

import itertools
import multiprocessing
import os
import signal
import time

import pytest

from moiety.errors import UserError
from moiety.processes import AHEAD, Workers

_base = 0


def begin(base: int) -> None:
    global _base
    _base = base


def plus(number: int) -> int:
    return _base + number


def refuse(number: int) -> int:
    raise ValueError(f"not {number}")


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def test_every_result_comes_in_order_or_as_it_is_done() -> None:
    with Workers(2, begin, 100) as workers:
        assert list(workers.in_order(plus, range(30))) == list(range(100, 130))
        assert sorted(workers.as_done(plus, range(30))) == list(range(100, 130))
        assert workers.result(workers.submit(plus, 5)) == 105


def test_items_are_taken_no_earlier_than_needed() -> None:
    taken: list[int] = []
    endless = (taken.append(n) or n for n in itertools.count())  # type: ignore[func-returns-value]
    with Workers(1, begin, 0) as workers:
        assert list(itertools.islice(workers.in_order(plus, endless), 3)) == [0, 1, 2]
    assert len(taken) <= 3 + AHEAD


def test_what_a_job_raises_is_raised_here() -> None:
    with Workers(1, begin, 0) as workers, pytest.raises(ValueError, match="not 1"):
        list(workers.in_order(refuse, [1]))


def test_a_death_is_told_in_one_line() -> None:
    with Workers(2, begin, 0) as workers:
        with pytest.raises(UserError, match="a worker process died"):
            list(workers.as_done(die, range(3)))
        with pytest.raises(UserError, match="a worker process died"):
            workers.submit(plus, 1)


def test_leaving_ends_what_is_still_at_work() -> None:
    before = set(multiprocessing.active_children())
    started = time.monotonic()
    with Workers(1, begin, 0) as workers:
        workers.submit(sleep, 600.0)
        while not set(multiprocessing.active_children()) - before:
            time.sleep(0.01)
    assert set(multiprocessing.active_children()) <= before
    assert time.monotonic() - started < 300  # a hang guard: the job would take ten minutes
