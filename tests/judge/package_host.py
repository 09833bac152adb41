"""Run programs that import third-party packages at one level, with leave and without, and print the outcomes as JSON.

Not a test: `test_packages` runs it as root and as an unprivileged user.
"""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

import json
import sys
from typing import Any

from moiety.judge import Judge

MEMORY_BYTES = 256 << 20
_PROGRAMS = {
    "computes": "import numpy as np\ndef f():\n    return [float(x) for x in np.linalg.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), [2.0, 8.0])]\n",
    "cold parts": "import numpy\ndef f():\n    import numpy.polynomial, numpy.testing, numpy.ma, numpy.rec\n    return int(numpy.polynomial.Polynomial([1, 2])(3))\n",
    "draws": "import numpy\ndef f():\n    return [float(x) for x in numpy.random.rand(3)]\n",
    "threads": "import os\ndef f():\n    return os.environ['OPENBLAS_NUM_THREADS']\n",
    "multiplies": "import numpy\ndef f():\n    a = numpy.ones((300, 300))\n    return float((a @ a)[0, 0])\n",
    "fills": "import numpy\ndef f():\n    return len(numpy.ones(400 << 17))\n",
    "another package": "def f():\n    import pytest\n",
    "another package by path": "import sys, numpy, os\nsys.path.append(os.path.dirname(os.path.dirname(numpy.__file__)))\ndef f():\n    import pytest\n",
    "the judge": "import sys, numpy, os\nsys.path.append(os.path.dirname(os.path.dirname(numpy.__file__)))\ndef f():\n    import moiety.judge.compare\n",
    "a file beside it": "import numpy, os\ndef f():\n    return open(os.path.join(os.path.dirname(os.path.dirname(numpy.__file__)), 'typer', '__init__.py')).read()\n",
    "the folder that holds it": "import numpy, os\ndef f():\n    return os.listdir(os.path.dirname(os.path.dirname(numpy.__file__)))\n",
    "writes into it": "import numpy, os\ndef f():\n    open(os.path.join(os.path.dirname(numpy.__file__), 'x'), 'w')\n",
    "patched": "import numpy\nnumpy.linalg.solve = numpy.ones = numpy.allclose = None\ndef f():\n    return numpy.ones\n",
}  # fmt: skip


def main(level: int) -> None:
    """Run each program twice: what it changes must be gone for the next one."""
    found: dict[str, Any] = {}
    with Judge(zygotes=2, level=level, cache=False, allow_import=("numpy",), memory_bytes=MEMORY_BYTES) as judge:
        for name, source in [*_PROGRAMS.items(), *((f"again: {name}", text) for name, text in _PROGRAMS.items())]:
            found[name] = _run(judge, source)
    with Judge(zygotes=1, level=level, cache=False, memory_bytes=MEMORY_BYTES) as judge:
        found["without leave"] = _run(judge, _PROGRAMS["computes"])
    print(json.dumps(found))


def _run(judge: Judge, source: str) -> list[Any]:
    done = judge.run(source, "f", [()], cpu_limit_s=2.0)
    return [done.verdict.value, done.outputs[0], done.detail]


if __name__ == "__main__":
    main(int(sys.argv[1]))
