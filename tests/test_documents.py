"""README, examples and gallery say what the code does."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import moiety
from moiety.atoms import catalogue
from moiety.gallery import gallery
from moiety.recipe import SynthRecipe, load_table
from moiety.synth.plan import quotas
from moiety.synth.shard import AGAIN, LENGTH
from moiety.synthesis.admit import Rejection
from moiety.synthesis.draw import space_of
from moiety.tasks import task_schema

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


def test_the_page_on_synthesis_says_what_is_there(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "synth.md").read_text(encoding="utf-8")
    (tmp_path / "my.toml").write_text(re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)[0])
    recipe = load_table(tmp_path / "my.toml", [], SynthRecipe, folder="recipes/synth")
    assert set(SynthRecipe.model_fields) - recipe.model_fields_set <= {
        "atom_files", "num_reward_tests", "num_held_out_tests", "min_kill_rate", "shard",
    }  # fmt: skip
    assert {quota.cell.lengths for quota in quotas(recipe, space_of(catalogue()), 300)} == {(1, 3), (4, 12)}
    first_cells = "\n".join(re.findall(r"^\| ([^|]*) \|", page, flags=re.MULTILINE))
    for name in task_schema().names:
        assert f"`{name}`" in first_cells, name
    for cause in (*Rejection, AGAIN, LENGTH):
        assert str(cause) in first_cells, cause


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
