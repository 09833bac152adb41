"""Progress with time left: bars on a terminal, plain lines at intervals otherwise; always on standard error.

Not a logger: nothing of it is kept, since times have no place in a run's files. No threads either (the judge forks).
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

REFRESH_S = 0.1


class Bar:
    """One stage's count. `advance` is cheap enough for every step of a loop."""

    def __init__(self, progress: "Progress", name: str, total: int | None) -> None:
        self.name = name
        self.total = total
        self.done = 0
        self.last_note = ""
        self.started = time.monotonic()
        self.skipped = 0
        self._progress = progress
        self._shown = self.started
        self._task: TaskID | None = None

    def advance(self, count: int = 1, *, note: str | None = None) -> None:
        """Add `count` done units, with a short remark such as "loss 1.23"."""
        self.reach(self.done + count, note=note)

    def reach(self, done: int, *, total: int | None = None, note: str | None = None) -> None:
        """Set the count of done units, and the total where it became known."""
        self.done = done
        self.total = self.total if total is None else total
        if note is not None:
            self.last_note = note
        now = time.monotonic()
        if now - self._shown >= self._progress.interval_s:
            self._shown = now
            self._progress.show(self)

    def skip(self, done: int) -> None:
        """Set the count of units that were done before, and tell nothing of the speed."""
        self.skipped = self.done = done

    @property
    def left_s(self) -> float | None:
        """Seconds left at the mean speed so far, or None where it cannot be told."""
        if self.total is None or self.done <= self.skipped:
            return None
        return (time.monotonic() - self.started) * max(0, self.total - self.done) / (self.done - self.skipped)


class Progress:
    """Shows the stages of a run. `with progress.stage("pretrain clean", total=600) as bar: bar.advance(8)`.

    Stages may nest or overlap; as a context it cleans the terminal at the end. `quiet` shows nothing; `plain` forces
    lines where there is a terminal; `interval_s` is the time between two plain lines of a stage.
    """

    def __init__(
        self, *, out: TextIO | None = None, quiet: bool = False, plain: bool = False, interval_s: float = 15.0
    ) -> None:
        self._out = sys.stderr if out is None else out
        self._quiet = quiet
        self._bars = not (quiet or plain) and self._out.isatty()
        self._rich: RichProgress | None = None
        self._open = 0
        self.interval_s = REFRESH_S if self._bars else interval_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was, whatever stages are still open."""
        if self._rich is not None:
            self._rich.stop()
            self._rich = None

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        if self._quiet:
            return
        if self._rich is not None:
            self._rich.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=self._out, flush=True)

    @contextlib.contextmanager
    def stage(self, name: str, *, total: int | None = None) -> Iterator[Bar]:
        """Show a stage while the block runs, and one closing line when it ends without an exception."""
        bar = Bar(self, name, total)
        self._start(bar)
        try:
            yield bar
        except BaseException:
            self._stop(bar)
            raise
        self._stop(bar)
        counted = f" {bar.done}" if bar.done else ""
        self.say(f"{name}:{counted} in {clock(time.monotonic() - bar.started)}" + _tail(bar))

    def show(self, bar: Bar) -> None:
        """Draw one stage's present state."""
        if self._rich is not None and bar._task is not None:
            self._rich.update(bar._task, completed=bar.done, total=bar.total, note=bar.last_note)
            self._rich.refresh()
        elif not self._quiet:
            of = "" if bar.total is None else f"/{bar.total}"
            left = "" if bar.left_s is None else f", {clock(bar.left_s)} left"
            self.say(f"{bar.name}: {bar.done}{of}{left}{_tail(bar)}")

    def _start(self, bar: Bar) -> None:
        self._open += 1
        if not self._bars:
            return
        if self._rich is None:
            self._rich = _rich_progress(self._out)
            self._rich.start()
        bar._task = self._rich.add_task(bar.name, total=bar.total, note="")
        self._rich.refresh()

    def _stop(self, bar: Bar) -> None:
        self._open -= 1
        if self._rich is None or bar._task is None:
            return
        self._rich.remove_task(bar._task)
        if self._open == 0:
            self._rich.stop()
            self._rich = None


def clock(seconds: float) -> str:
    """Return a duration as 7s, 2:05 or 1:02:05."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _tail(bar: Bar) -> str:
    return f", {bar.last_note}" if bar.last_note else ""


def _rich_progress(out: TextIO) -> "RichProgress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return RichProgress(*columns, console=Console(file=out), auto_refresh=False, transient=True)
