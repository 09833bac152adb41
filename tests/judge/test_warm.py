"""What zygotes load beforehand: what trusted programs import, and nothing that harms a fork."""

from __future__ import annotations

from moiety.judge import Job, Judge, warm_modules
from moiety.judge.zygote import WARM

LOADED = "import sys\ndef f(name):\n    return name in sys.modules\n"


def test_the_frequent_standard_modules_come_first() -> None:
    sources = [
        "import json, math",
        "from json import loads",
        "import numpy\nfrom . import x\nfrom .y import z",
        "def (",
    ]
    assert warm_modules(sources) == ("json", "math")
    assert warm_modules(["import antigravity, this, tkinter.ttk", "import turtle"]) == ()
    assert warm_modules(["import json"] + ["pass"] * 200) == ()
    assert warm_modules([]) == ()


def test_submodules_and_imports_within_functions_count() -> None:
    assert warm_modules(["def f():\n    import xml.dom, os.path\n"]) == ("os.path", "xml.dom")


def test_a_zygote_has_them_loaded() -> None:
    with Judge(zygotes=1, warm=("colorsys", "no_such_module")) as judge:
        job = Job(LOADED, "f", (("colorsys",), ("wave",), (WARM[0],)), (True, False, True))
        assert judge.judge([job])[0].passed
