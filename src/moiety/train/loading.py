"""From a recipe to a policy that can be trained: the checkpoint on its device, in its precision, with its adapters.

Weights are in fp32 and products in bf16 where the device has it; under adapters the frozen weights are in bf16 too.
Not a hub client: `transformers` is.
"""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from moiety.errors import UserError
from moiety.models.checking import check_sampling
from moiety.models.decode import AS_WEIGHTS, SamplingPrecision
from moiety.models.forward import own_forward, supported
from moiety.models.hf import load_checkpoint
from moiety.models.lora import BasePolicy, add_adapters
from moiety.models.module_decode import keeps_cache
from moiety.models.policy import TorchPolicy, load_policy, wording_of
from moiety.models.prompts import PLAIN, ChatTemplate
from moiety.recipe.train import TrainRecipe
from moiety.train.checking import check_policy
from moiety.train.config import Precision
from moiety.train.packing import keeps_rows_apart
from moiety.train.scoring import multiplies_bf16

PACKING = ("pretrain", "sft", "rejection")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy to train, its adapters' handle where it has them, and the precision of its matrix products.

    `stored` is the precision of the weights in the checkpoint's own files.
    """

    policy: TorchPolicy
    adapters: Any
    precision: Precision
    stored: torch.dtype

    def reference(self) -> Any:
        """Return the policy as it is now, to take the KL to: without a copy where adapters can be switched off."""
        model = self.policy.model
        return copy.deepcopy(model).requires_grad_(False) if self.adapters is None else BasePolicy(model)

    def notes(self, recipe: TrainRecipe) -> list[str]:
        """Return what is right but slower with this model, a line each."""
        model, kind = self.policy.model, f"{recipe.checkpoint}: a model of type {self.policy.model.config.model_type!r}"
        found = []
        if recipe.algorithm in PACKING and not own_forward(model) and not keeps_rows_apart(model):
            found.append(f"{kind} does not keep packed rows apart; it is trained on one row a line")
        if recipe.algorithm not in ("pretrain", "sft") and not supported(model) and not keeps_cache(model):
            found.append(f"{kind} keeps no cache of ours; it is sampled by reading the whole text for each token: slow")
        return found


def load_policy_to_train(recipe: TrainRecipe) -> Loaded:
    """Load the recipe's checkpoint. Raises UserError for one that cannot be trained, or a device that is not there."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # ours goes to the terminal
    device = resolve_device(recipe.device)
    precision = resolve_precision(recipe.precision, device)
    reduced = precision == "bf16"
    dtype = torch.bfloat16 if reduced and recipe.lora is not None else torch.float32
    checkpoint = load_checkpoint(recipe.checkpoint, device=device, dtype=dtype)
    model, adapters = checkpoint.model, None
    if recipe.lora is not None:
        adapters = add_adapters(model, **recipe.lora.model_dump(), seed=recipe.seed)
    if recipe.gradient_checkpointing:
        _checkpoint_activations(model)
    plain = recipe.algorithm == "pretrain"
    policy = TorchPolicy(
        model=model,
        tokenizer=checkpoint.tokenizer,
        max_rows=recipe.decode_rows,
        wording=PLAIN
        if plain
        else wording_of(recipe.checkpoint, checkpoint.tokenizer, recipe.chat_template, recipe.chat_template_kwargs),
        precision=SamplingPrecision(torch.bfloat16, torch.bfloat16) if reduced else AS_WEIGHTS,
        max_context=recipe.max_context,
    )
    if recipe.check_checkpoint:
        check_policy(policy, recipe)
    return Loaded(policy, adapters, precision, checkpoint.stored)


def load_policy_to_measure(
    checkpoint: str,
    *,
    device: str,
    precision: Precision,
    decode_rows: int,
    chat_template: ChatTemplate = "auto",
    template_kwargs: Mapping[str, Any],
    check: bool,
) -> TorchPolicy:
    """Load a checkpoint that is sampled but not trained: weights and products in one precision.

    Raises UserError for a checkpoint that cannot be used, and for a device that is not there.
    """
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # ours goes to the terminal
    where = resolve_device(device)
    dtype = torch.bfloat16 if resolve_precision(precision, where) == "bf16" else torch.float32
    policy = load_policy(
        checkpoint, device=where, dtype=dtype, max_rows=decode_rows, chat_template=chat_template,
        chat_template_kwargs=template_kwargs,
    )  # fmt: skip
    if check:
        check_sampling(policy, checkpoint)
    return policy


def resolve_device(name: str) -> str:
    """Return the device to train on: the first GPU there is, else the processor. Raises UserError for an absent one."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = name.partition(":")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[kind]
    if not there or (number and int(number) >= torch.cuda.device_count()):
        raise UserError(f"device: {name!r} is not there; need 'auto', or see `moiety doctor`")
    return name


def resolve_precision(precision: Precision, device: str) -> Precision:
    """Return the precision of matrix products: of "auto" bf16 on a GPU that has it, fp32 elsewhere."""
    if precision != "auto":
        return precision
    return "bf16" if device.startswith("cuda") and multiplies_bf16("cuda") else "fp32"


def _checkpoint_activations(model: Any) -> None:
    options = {"use_reentrant": False}
    if hasattr(model, "activation_checkpointing_enable"):
        model.activation_checkpointing_enable(options)
    else:  # transformers before 5.20
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=options)


def checkpoint_digest(name: str) -> str | None:
    """Return the SHA-256 over a checkpoint folder's files; None for a name of the hub."""
    folder = Path(name)
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".json", ".safetensors", ".bin", ".jinja")):
        digest.update(f"{path.name}\n".encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
