"""Jobs that kill the supervisor are found and given up; no other job is lost, whatever the order."""

from __future__ import annotations

import random

import pytest

from moiety.judge.ledger import Ledger


@pytest.mark.parametrize("num_jobs", [1, 2, 3, 17, 500])
@pytest.mark.parametrize("num_killers", [1, 2, 5])
@pytest.mark.parametrize("served_at_once", [1, 2, 7])
def test_only_the_jobs_that_kill_are_given_up(num_jobs: int, num_killers: int, served_at_once: int) -> None:
    draw = random.Random(num_jobs)
    killers = set(draw.sample(range(num_jobs), min(num_killers, num_jobs)))
    ledger = Ledger()
    futures = [ledger.add(number, b"%d" % number, 2) for number in range(num_jobs)]
    settled: list[int] = []
    deaths = 0
    inbox = [int(data) for data in ledger.take()]
    while inbox:
        batch, inbox = inbox[:served_at_once], inbox[served_at_once:]
        if killers & set(batch):  # it dies with all that it has
            deaths += 1
            guilty = ledger.bury_supervisor()
            if guilty is not None:
                number = futures.index(guilty[0])
                assert guilty[1][:2] == ("crashed", ("crashed",) * 2)
                assert number in killers
                killers.remove(number)
                settled.append(number)
            inbox = []
        else:
            for number in batch:
                assert ledger.settle(number) is futures[number]
                settled.append(number)
        inbox += [int(data) for data in ledger.take()]
    assert sorted(settled) == list(range(num_jobs))
    assert ledger.clear() == []
    assert deaths <= 8 * num_killers


def test_kills_from_outside_give_no_job_up() -> None:
    ledger = Ledger()
    futures = {number: ledger.add(number, b"%d" % number, 1) for number in range(300)}
    draw = random.Random(0)
    inbox = ledger.take()
    for _ in range(40):
        for data in inbox[: draw.randrange(1, 8)]:
            assert ledger.settle(int(data)) is futures.pop(int(data))
        if len(futures) < 100:
            break
        assert ledger.bury_supervisor() is None
        inbox = ledger.take()
        assert inbox
    assert set(ledger.clear()) == set(futures.values())
