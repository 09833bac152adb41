"""The two bases of a seed: `clean` and, continued from it, `exposed`; with the corpus they are trained on.

Everything here goes to the cache folder of the base (`plan.base_folder`) and is shared by all runs with equal hash.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from moiety.atoms.generic import generic_operations
from moiety.atoms.own import chosen_atoms
from moiety.corpus import Document, Mixture, Writer, documents
from moiety.models.hf import Checkpoint, load_checkpoint, save_files
from moiety.models.tiny import new_tiny_model, tiny_config
from moiety.models.tokenizer import train_tokenizer
from moiety.recipe import PretrainRecipe, Recipe
from moiety.rng import derive
from moiety.runs import append_jsonl, atomic_directory, read_json, write_json
from moiety.study.plan import STAGES
from moiety.study.schedule import Report
from moiety.train.config import OptimiserConfig, PretrainConfig
from moiety.train.data import Row, encode_rows
from moiety.train.metrics import Metrics
from moiety.train.pretrain import pretrain_model
from moiety.train.resume import Resume

TOKENIZER_DOCUMENTS = 4_000  # a multiple of the corpus's chunk
DOCUMENTS_AT_ONCE = 1_000


def mixture(recipe: PretrainRecipe, stage: str) -> Mixture:
    """Return what a stage's documents are made of."""
    if stage == "clean":
        return Mixture(recipe.clean_atomic_share, 0.0, tuple(recipe.clean_depth_weights), base_words=True)
    return Mixture(
        recipe.exposed_atomic_share, recipe.exposed_target_share, tuple(recipe.exposed_depth_weights), base_words=False
    )


def write_corpus(recipe: Recipe, folder: Path, *, seed: int, report: Report) -> None:
    """Write both stages' documents as tokens, and the tokenizer trained on a sample of both."""
    atoms, generic = chosen_atoms(recipe.data), generic_operations(recipe.data.generic)
    workers, per_step = recipe.pretrain.threads, recipe.pretrain.batch * recipe.pretrain.length
    wanted = {"clean": recipe.pretrain.clean_steps * per_step, "exposed": recipe.pretrain.exposed_steps * per_step}
    writers = {
        stage: Writer(atoms, generic, mixture(recipe.pretrain, stage), seed=derive(seed, "base"), name=stage)
        for stage in STAGES
    }
    with atomic_directory(folder) as partial:
        sample = {s: list(islice(documents(writers[s], workers=workers), TOKENIZER_DOCUMENTS)) for s in STAGES}
        tokenizer = train_tokenizer(_texts(sample.values()), vocab_size=recipe.model.vocabulary)
        tokenizer.save_pretrained(partial / "tokenizer")
        facts, before = {}, 0
        for stage in STAGES:
            more = documents(writers[stage], start=TOKENIZER_DOCUMENTS, workers=workers)
            found = _Collected(recipe.pretrain.length)
            for batch in batched(chain(sample[stage], more), DOCUMENTS_AT_ONCE):
                found.add(tokenizer, batch)
                report(min(before + found.tokens, sum(wanted.values())), sum(wanted.values()), stage)
                if found.tokens >= wanted[stage]:
                    break
            before += found.tokens
            _write_rows(partial / f"{stage}.parquet", found.rows)
            facts[stage] = found.facts()
        write_json(partial / "corpus.json", facts)


class _Collected:
    """The rows of a stage so far; a document longer than a packed row is left out and counted."""

    def __init__(self, row_tokens: int) -> None:
        self.rows: list[Row] = []
        self.tokens, self._dropped, self._row_tokens = 0, 0, row_tokens
        self._seen: set[str] = set()

    def add(self, tokenizer: Any, batch: Sequence[Document]) -> None:
        encoded = encode_rows(tokenizer, [(d.prompt, d.completion) for d in batch])
        kept = [row for row in encoded if len(row) <= self._row_tokens]
        self._seen.update(name for document in batch for name in document.targets)
        self._dropped += len(encoded) - len(kept)
        self.rows += kept
        self.tokens += sum(len(row) for row in kept)

    def facts(self) -> dict[str, Any]:
        """Return what `corpus.json` says of the stage."""
        return {
            "documents": len(self.rows),
            "dropped_too_long": self._dropped,
            "tokens": self.tokens,
            "target_compositions": sorted(self._seen),
        }


def batched(items: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """Yield lists of `size` items (`itertools.batched` came with Python 3.12)."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def _texts(samples: Iterable[list[Document]]) -> Iterator[str]:
    for document in chain.from_iterable(samples):
        yield document.prompt + document.completion


def _write_rows(path: Path, rows: list[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = pa.list_(pa.uint16())
    columns = [pa.array([r.prompt for r in rows], kind), pa.array([r.completion for r in rows], kind)]
    pq.write_table(pa.table(columns, names=["prompt", "completion"]), path, compression="zstd")


def _read_rows(path: Path) -> list[Row]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    pairs = zip(table["prompt"].to_pylist(), table["completion"].to_pylist(), strict=True)
    return [Row(tuple(prompt), tuple(completion)) for prompt, completion in pairs]


def train_base(recipe: Recipe, folder: Path, *, stage: str, seed: int, state: Path, report: Report) -> None:
    """Train one base and publish it in `folder / stage`: a checkpoint with `metrics.jsonl` and `base.json`.

    `state` is where it goes on after a kill; the folder is gone at the end.
    """
    from transformers import AutoTokenizer

    corpus = folder / "corpus"
    if stage == "clean":
        tokenizer = AutoTokenizer.from_pretrained(str(corpus / "tokenizer"))
        model = _new_model(recipe, tokenizer, seed=seed)
    else:
        checkpoint = load_checkpoint(folder / "clean")
        tokenizer, model = checkpoint.tokenizer, checkpoint.model
    config = pretrain_config(recipe.pretrain, stage)
    with atomic_directory(folder / stage) as partial:

        def on_step(metrics: Metrics, _times: Metrics) -> None:
            append_jsonl(partial / "metrics.jsonl", metrics)
            report(int(metrics["step"]), config.steps, f"loss {metrics['loss']:.3f}")

        budget = pretrain_model(
            model,
            _read_rows(corpus / f"{stage}.parquet"),
            config,
            seed=derive(seed, "pretrain", stage),
            on_step=on_step,
            compile_cache=folder / "compiled",
            resume=Resume.of_steps(state, config.steps),
        )
        save_files(Checkpoint(model, tokenizer), partial)
        write_json(partial / "base.json", {"stage": stage, "seed": seed, **_facts(corpus, stage), **budget.metrics()})
        shutil.rmtree(state, ignore_errors=True)


def _facts(corpus: Path, stage: str) -> dict[str, Any]:
    facts = read_json(corpus / "corpus.json")
    seen = {name for s in STAGES[: STAGES.index(stage) + 1] for name in facts[s]["target_compositions"]}
    return {"documents": facts[stage]["documents"], "target_compositions": len(seen)}


def _new_model(recipe: Recipe, tokenizer: Any, *, seed: int) -> Any:
    shape = recipe.model
    config = tiny_config(
        vocab_size=shape.vocabulary,
        width=shape.width,
        num_layers=shape.layers,
        num_heads=shape.heads,
        num_kv_heads=shape.kv_heads,
        head_size=shape.head_size,
        feed_forward=shape.feed_forward,
        context=shape.context,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return new_tiny_model(config, seed=derive(seed, "model"))


def pretrain_config(recipe: PretrainRecipe, stage: str) -> PretrainConfig:
    """Return the training settings of a stage."""
    steps = recipe.clean_steps if stage == "clean" else recipe.exposed_steps
    default = PretrainConfig().optimiser
    rate = recipe.learning_rate if stage == "clean" else recipe.exposed_learning_rate
    optimiser: OptimiserConfig = replace(
        default, learning_rate=rate, warmup_steps=max(1, round(recipe.warmup_fraction * steps))
    )
    return PretrainConfig(
        steps=steps,
        batch_rows=recipe.batch,
        row_tokens=recipe.length,
        optimiser=optimiser,
        prompt_loss=recipe.prompt_loss,
        precision=recipe.precision,
        compile=recipe.compile,
    )
