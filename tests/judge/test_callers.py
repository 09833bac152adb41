"""Calls that would wait for ever are refused, and what a callback or an interrupt does leaves the judge whole."""

# A program stays on its line.

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from judge.test_pool import GOOD, JOB
from moiety.judge import Judge, JudgeError, Outcome


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """Return a pool of two zygotes at the best level of this machine."""
    with Judge(zygotes=2) as pool:
        yield pool


def test_a_forked_child_is_told_that_the_judge_is_not_its_own() -> None:
    trainer = textwrap.dedent("""
        import os, sys
        from moiety.judge import Job, Judge, JudgeError
        job = Job("def f(): return 1", "f", ((),), (1,))
        with Judge(zygotes=1) as pool:
            for call in (lambda: pool.judge([job]), lambda: pool.submit(job), lambda: pool.run("", "f", [()])):
                child = os.fork()
                if not child:
                    try:
                        call()
                    except JudgeError as error:
                        assert "which forked this one" in str(error) and "\\n" not in str(error), error
                        sys.exit(0)  # and so close the judge, as far as it is this process's to close
                    os._exit(1)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert pool.judge([job])[0].passed
    """)
    done = subprocess.run([sys.executable, "-c", trainer], capture_output=True, text=True, timeout=120, check=False)
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("call", ["judge", "run", "judge_async", "close"])
def test_a_call_that_would_wait_for_itself_is_refused(judge: Judge, call: str) -> None:
    calls: dict[str, Callable[[], object]] = {
        "judge": lambda: judge.judge([JOB]),
        "run": lambda: judge.run(GOOD, "f", [([1],)]),
        "judge_async": lambda: asyncio.run(judge.judge_async([JOB])),
        "close": judge.close,
    }
    said: Future[BaseException | None] = Future()

    def back(_: object) -> None:
        try:
            calls[call]()
        except BaseException as error:
            said.set_result(error)
        else:
            said.set_result(None)

    job = dataclasses.replace(JOB, source=f"import time\ntime.sleep(0.1)\n{GOOD}# {call}")
    judge.submit(job).add_done_callback(back)
    error = said.result(60)
    assert isinstance(error, JudgeError)
    assert f"{call}() in a callback" in str(error)
    assert judge.judge([JOB])[0].passed


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_callback_may_submit_and_may_raise_anything(judge: Judge) -> None:
    chained: Future[Future[Outcome]] = Future()

    def back(_: object) -> None:
        chained.set_result(judge.submit(dataclasses.replace(JOB, source=f"{GOOD}# chained")))
        raise SystemExit(3)

    judge.submit(dataclasses.replace(JOB, source=f"import time\ntime.sleep(0.1)\n{GOOD}")).add_done_callback(back)
    assert chained.result(60).result(60).passed


def test_a_batch_cut_short_by_an_interrupt_leaves_the_judge_whole() -> None:
    with Judge(zygotes=1) as pool:
        large = dataclasses.replace(JOB, source=f"{GOOD}# {'x' * (8 << 20)}", cpu_limit_s=5.0)
        for delay_s in (0.001, 0.01, 0.05):
            signal.signal(signal.SIGALRM, signal.default_int_handler)
            with contextlib.suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, delay_s)
                pool.judge([large] * 4)
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            assert pool.judge([JOB])[0].passed
