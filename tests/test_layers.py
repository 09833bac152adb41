"""The one-way flow: every module has a layer, and the core loads no torch. `lint-imports` checks the direction."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
LAYERS = [name.strip() for layer in CONTRACTS[0]["layers"] for name in layer.split("|")]
CORE: list[str] = CONTRACTS[1]["source_modules"]


def test_every_module_has_a_layer() -> None:
    package = ROOT / "src" / "moiety"
    modules = {f"moiety.{p.stem}" for p in package.glob("*.py") if p.stem != "__init__"}
    modules |= {f"moiety.{p.parent.name}" for p in package.glob("*/__init__.py")}
    assert sorted(modules) == sorted(LAYERS)


@pytest.mark.parametrize("module", ["moiety", *CORE])
def test_the_core_loads_no_torch(module: str) -> None:
    program = f"import sys, {module}\nassert not {{'torch', 'transformers', 'tokenizers'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
