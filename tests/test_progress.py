"""Progress as plain lines; nothing here depends on the clock."""

import io

import pytest

from moiety.progress import Progress, clock


def test_plain_lines_at_every_advance_when_the_interval_is_zero() -> None:
    out = io.StringIO()
    with Progress(out=out, interval_s=0.0) as progress, progress.stage("sft", total=4) as bar:
        bar.advance(2, note="loss 1.25")
        bar.reach(4)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("sft: 2/4, ")
    assert lines[0].endswith("left, loss 1.25")
    assert lines[1].startswith("sft: 4/4")
    assert lines[2].startswith("sft: 4 in ")


def test_a_failed_stage_is_not_told_as_done() -> None:
    out = io.StringIO()
    with pytest.raises(RuntimeError), Progress(out=out).stage("sft", total=4):
        raise RuntimeError
    assert out.getvalue() == ""


def test_quiet_says_nothing() -> None:
    out = io.StringIO()
    progress = Progress(out=out, quiet=True, interval_s=0.0)
    progress.say("hello")
    with progress.stage("sft") as bar:
        bar.advance()
    assert out.getvalue() == ""


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bars_on_a_terminal_with_overlapping_stages() -> None:
    out = Terminal()
    with Progress(out=out) as progress:
        first, second = progress.stage("pretrain [clean]", total=2), progress.stage("data")
        bar = first.__enter__()
        second.__enter__()
        bar.advance(2, note="loss 1")
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
    assert "pretrain [clean]: 2 in " in out.getvalue()
    assert "data: in " in out.getvalue()


def test_clock() -> None:
    assert [clock(s) for s in (0.4, 59.4, 60, 3725)] == ["0s", "59s", "1:00", "1:02:05"]
