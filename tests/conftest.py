"""Shared small data: one study's worth of tasks, built once for all tests."""

import pytest

from moiety.atoms import quick_atoms
from moiety.atoms.generic import generic_operations
from moiety.splits import DataPlan, DataSet, build_data

SMALL_PLAN = DataPlan(
    train={2: 12, 3: 12},
    validation={2: 4, 3: 4},
    recombined={2: 8, 3: 8},
    deeper={4: 4},
    retention={1: 4, 2: 4},
)


@pytest.fixture(scope="session")
def small_data() -> DataSet:
    """Return the sets of a small plan at seed 0."""
    return build_data(quick_atoms(), generic_operations(), SMALL_PLAN, seed=0)
