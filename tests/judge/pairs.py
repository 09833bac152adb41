"""Siblings: the honest program leaves its answers wherever it can, the thief that follows looks for them.

A thief answers right only if it finds something.
"""

# A program stays on its own line.
# ruff: noqa: E501

from __future__ import annotations

HONEST_SIBLING = """
import builtins, os, sys, types
mark = ['SIBLINGMARK', 'SIBLING' + 'MARK']
builtins.left = os.environ['LEFT'] = 'SIBLINGMARK'
sys.modules['left'] = types.ModuleType('left')
sys.path.append('SIBLINGMARK')
def f(xs):
    for place in ('left', '/tmp/left', '/dev/shm/left'):
        try: open(place, 'w').write('SIBLINGMARK')
        except OSError: pass
    return sorted(xs)  # SIBLINGMARK
"""

THIEVES = {
    "page": "import sys\ndef f(xs):\n    frame = sys._getframe()\n    while frame:\n        page = frame.f_locals.get('page')\n"
    "        if page is not None:\n            left = bytes(page)[50:]\n            return sorted(xs) if left.strip(b'\\0') else 0\n"
    "        frame = frame.f_back\n",
    "heap": "import ctypes, re\ndef f(xs):\n    start = id(object()) & ~0x3ffff\n    data = ctypes.string_at(start, 0x40000)\n"
    "    return sorted(xs) if re.search(b'SIBLING[M]ARK', data) else 0\n",
    "objects": "import gc\ndef f(xs):\n    mark = 'SIBLING' + chr(77) + 'ARK'\n"
    "    found = [o for o in gc.get_objects() if type(o) is tuple and mark in o]\n    return sorted(xs) if found else 0\n",
    "files": "import glob, os\ndef f(xs):\n    return sorted(xs) if glob.glob('/tmp/left') + glob.glob('/dev/shm/left') + glob.glob('left') else 0\n",
    "builtins": "import builtins\ndef f(xs):\n    return sorted(xs) if hasattr(builtins, 'left') else 0\n",
    "modules": "import sys\ndef f(xs):\n    return sorted(xs) if 'left' in sys.modules or 'SIBLINGMARK' in sys.path else 0\n",
    "environment": "import os\ndef f(xs):\n    return sorted(xs) if 'LEFT' in os.environ else 0\n",
    "descriptors": "import os\ndef f(xs):\n    for fd in range(256):\n        try: data = os.pread(fd, 1 << 16, 0)\n"
    "        except OSError: continue\n        if b'SIBLING' in data: return sorted(xs)\n    return 0\n",
    "processes": "import os\ndef f(xs):\n    for pid in range(2, 200):\n        if pid != os.getpid():\n"
    "            try: os.kill(pid, 0)\n            except OSError: continue\n            return sorted(xs)\n    return 0\n",
}  # fmt: skip
