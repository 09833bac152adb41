"""The pretraining corpus: nothing of validation or test, nothing composed that must not be."""

from itertools import islice

import pytest

from moiety.atoms import quick_atoms
from moiety.atoms.generic import generic_operations
from moiety.corpus import Document, Mixture, Writer, documents
from moiety.splits import DataSet

CLEAN = Mixture(0.2, 0.0, (1.0, 1.0, 1.0), base_words=True)
EXPOSED = Mixture(0.2, 0.5, (1.0, 2.0, 2.0), base_words=False)


def writer(mixture: Mixture, *, seed: int = 0) -> Writer:
    return Writer(quick_atoms(), generic_operations(), mixture, seed=seed, name="test")


@pytest.fixture(scope="module")
def exposed() -> list[Document]:
    return list(islice(documents(writer(EXPOSED)), 1500))


def test_no_task_outside_train_occurs(exposed: list[Document], small_data: DataSet) -> None:
    references = {
        task.reference_solution
        for name in ("validation", "recombined", "deeper", "retention")
        for task in small_data.sets[name]
    }
    assert not references & {document.completion for document in exposed}


def test_no_run_of_targets_is_outside_train(exposed: list[Document], small_data: DataSet) -> None:
    held_out = {"+".join(t.atoms) for name in ("validation", "recombined", "deeper") for t in small_data.sets[name]}
    runs = {run for document in exposed for run in document.targets}
    assert len(runs) > 50
    for run in runs:
        names = run.split("+")
        parts = {"+".join(names[i:j]) for i in range(len(names)) for j in range(i + 2, len(names) + 1)}
        assert not parts & held_out


def test_the_clean_stage_composes_no_target() -> None:
    found = list(islice(documents(writer(CLEAN)), 500))
    assert not any(document.targets for document in found)
    names = {atom.english[-1].split("{x}")[0].strip() for atom in quick_atoms()}
    assert any(name and name in document.prompt for document in found for name in names)


def test_documents_do_not_depend_on_the_number_of_workers(exposed: list[Document]) -> None:
    assert list(islice(documents(writer(EXPOSED), workers=2), 1500)) == exposed


def test_another_seed_writes_other_documents(exposed: list[Document]) -> None:
    other = list(islice(documents(writer(EXPOSED, seed=1)), 200))
    assert not {d.prompt for d in other if d.targets} & {d.prompt for d in exposed[:200] if d.targets}
