"""Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685) through peft, put into the modules of a model in place.

The model keeps its class and its modules keep their names, so whatever reads a model reads one with adapters too.
Training runs through the modules, whose low rank is what saves memory; sampling adds the adapters to the weights once a
rollout. The reference policy is the same model with its adapters switched off: no second copy.
Not quantisation: the frozen weights stay in the precision they were loaded in.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from moiety.errors import UserError, did_you_mean
from moiety.rng import derive

ALL_LINEAR = "all-linear"


@dataclass(frozen=True, slots=True)
class BasePolicy:
    """The policy as it was before its adapters, to take the KL to: scoring switches them off meanwhile."""

    model: Any


def add_adapters(
    model: Any, *, rank: int, alpha: float, dropout: float, target_modules: Sequence[str], seed: int
) -> Any:
    """Put adapters into `model` and return peft's handle on them; the frozen weights need no gradient from here on.

    No `target_modules` means every linear module but the head over the vocabulary. An adapter adds nothing at first.
    Raises UserError for a module the model does not have, and for a head over the vocabulary that shares its weight
    with the embedding: merged, its adapter would change the embedding too.
    """
    from peft import LoraConfig, get_peft_model

    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    tied = head is not None and head.weight is embedding.weight
    known = sorted({name.rpartition(".")[2] for name, module in model.named_modules() if _is_linear(module)})
    for name in target_modules:
        if name not in known:
            raise UserError(f"lora.target_modules: no linear module is called {name!r}{did_you_mean(name, known)}")
        if tied and any(module is head for module in _called(model, name)):
            raise UserError(
                f"lora.target_modules: {name!r} shares its weight with the embedding in this model (tied); an adapter "
                "of one would change the other; leave it out, or train all weights without [lora]"
            )
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=list(target_modules) or ALL_LINEAR,
        exclude_modules=None if target_modules else _linear_of_their_own(model) or None,
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)  # a name peft still asks for
        warnings.filterwarnings("ignore", "The following (rank|alpha)_pattern keys", RuntimeWarning)  # of experts
        warnings.filterwarnings("ignore", "fan_in_fan_out is set to False", UserWarning)  # GPT-2's layers; peft sets it
        torch.manual_seed(derive(seed, "lora", "init"))
        try:
            return get_peft_model(model, config)
        except ValueError as error:  # peft knows families that use some of their weights past the modules
            reason = str(error).splitlines()[0]
            raise UserError(f"lora.target_modules: peft refuses; there are {', '.join(known)}: {reason}") from error


def _called(model: Any, name: str) -> Iterator[Any]:
    """Yield the modules with this last name, which are those that peft gives an adapter."""
    return (module for path, module in model.named_modules() if path.rpartition(".")[2] == name)


def _linear_of_their_own(model: Any) -> list[str]:
    """Return the names of linear modules that give more than a product, such as a router of experts."""
    own = (name for name, one in model.named_modules() if isinstance(one, torch.nn.Linear) and not _is_linear(one))
    return sorted({name.rpartition(".")[2] for name in own})


def _is_linear(module: Any) -> bool:
    """Return True if a module is linear: one of the known kinds, or a kind of its own that gives the product alone."""
    if type(module).__name__ in ("Linear", "Conv1D"):
        return True
    return isinstance(module, torch.nn.Linear) and _gives_the_product(module)


@torch.no_grad()
def _gives_the_product(module: torch.nn.Linear) -> bool:
    """Return True if a module of a subclass of Linear, such as Falcon's, gives what Linear gives; a router does not."""
    weight = module.weight
    given = torch.linspace(-1, 1, 2 * module.in_features, device=weight.device).to(weight.dtype).view(2, -1)
    try:
        found = module(given)
    except Exception:  # a module of another signature is none that an adapter fits
        return False
    wanted = torch.nn.functional.linear(given, weight, module.bias)
    return isinstance(found, Tensor) and found.shape == wanted.shape and torch.allclose(found, wanted, atol=1e-2)


def _adapted(model: Any) -> Iterator[Any]:
    """Yield the modules that have adapters."""
    return (module for module in model.modules() if hasattr(module, "lora_A"))


def has_adapters(model: Any) -> bool:
    """Tell whether a model has adapters in it."""
    return next(_adapted(model), None) is not None


def effective_weight(module: Any) -> Tensor:
    """Return a module's weight with what its adapters add, in the weight's precision."""
    weight: Tensor = module.weight
    if not hasattr(module, "lora_A") or module.disable_adapters or module.merged:
        return weight
    for name in module.active_adapters:
        if name in module.lora_A or name in module.lora_embedding_A:
            weight = weight + module.get_delta_weight(name).to(weight.dtype)
    return weight


@contextmanager
def without_adapters(model: Any) -> Iterator[Any]:
    """Switch a model's adapters off while the block runs."""
    modules = list(_adapted(model))
    for module in modules:
        module.enable_adapters(False)
    try:
        yield model
    finally:
        for module in modules:
            module.enable_adapters(True)


def save_adapter(handle: Any, folder: Path) -> None:
    """Write the adapters alone into a folder that peft loads."""
    handle.save_pretrained(folder)


def merge_adapters(handle: Any) -> Any:
    """Add the adapters to the weights for good, and return the model: an ordinary one again."""
    return handle.merge_and_unload()


def dropout_stream(model: Any, seed: int, *path: str | int) -> None:
    """Start torch's stream anew for one step, where the model draws from it; others leave it alone."""
    if any(isinstance(m, torch.nn.Dropout) and m.p > 0 for m in model.modules()):
        torch.manual_seed(derive(seed, "dropout", *path))
