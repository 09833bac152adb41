"""README, examples and gallery say what the code does."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import moiety
from moiety.gallery import gallery

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def test_the_readme_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert len(block.strip().splitlines()) <= 16
    exec(compile(block, "README.md", "exec"), {})
    shown = capsys.readouterr().out
    assert shown.count(" pass") == 8
    assert shown.strip().endswith("1.0")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 60
    runpy.run_path(str(path), run_name="__main__")


def test_the_gallery_is_up_to_date() -> None:
    assert (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8") == gallery()


def test_public_names_are_sorted_and_complete() -> None:
    assert moiety.__all__ == sorted(moiety.__all__)
    assert set(moiety.__all__) == set(moiety._HOMES)
    for name in moiety.__all__:
        assert getattr(moiety, name).__module__.startswith("moiety.")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = moiety.nothing


def test_the_core_loads_no_torch() -> None:
    script = "import sys, moiety\n[getattr(moiety, n) for n in moiety.__all__]\nprint('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
