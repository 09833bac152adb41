"""Run every channel between siblings at one level, and print which wrong programs passed, as JSON.

Not a test: `test_channels` runs it as root and as an unprivileged user. An argument names the channels, by number.
"""

from __future__ import annotations

import json
import os
import sys

from judge.attacks import EXPECTED, INPUTS
from judge.channels import BESIDE, CHANNELS, LATER
from moiety.judge import Job, Judge


def main(level: int) -> None:
    """Run giver and taker of each channel, twice: what is left may also be read by a later judge."""
    found: dict[str, list[str]] = {}
    for when, zygotes in ((LATER, 1), (BESIDE, 2)):
        with Judge(zygotes=zygotes, level=level, cache=False) as judge:
            judge.judge([_job("def f(xs):\n    return sorted(xs)")] * 4)  # the canaries are done
            for channel in CHANNELS:
                if channel.when == when and level in channel.levels:
                    for variant in channel.variants:
                        pair = channel.programs(variant)
                        found[f"{channel.name} {variant}".strip()] = [
                            one.verdict.value for one in judge.judge([_job(source) for source in pair])
                        ]
    print(json.dumps({"pairs": found, "uid": os.getuid()}))


def _job(source: str) -> Job:
    return Job(source, "f", INPUTS, EXPECTED, cpu_limit_s=1.0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
