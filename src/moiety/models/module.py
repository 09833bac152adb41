"""Calling a Hugging Face module's own forward pass, whatever its family names its inputs.

Families differ: some take no positions, some keep no cache of keys and values. Only inputs that a family names are
handed to it, since what it takes without a name it may ignore in silence. Our own forward pass is `forward`.
"""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

Answer = TypeVar("Answer")
FULL_PRECISION_NATS = 1e-3  # equal in fp32: rounding of deep models stays well below, a lost mask far above
REDUCED_PRECISION_NATS = 0.3  # equal in bf16, whose rounding alone gives up to a tenth


def forward_inputs(module: Any, **inputs: Any) -> dict[str, Any]:
    """Return those inputs that the module's forward pass names."""
    named = inspect.signature(module.forward).parameters
    return {name: value for name, value in inputs.items() if name in named}


def takes(module: Any, *names: str) -> bool:
    """Return True if the module's forward pass names all of these inputs."""
    return len(forward_inputs(module, **dict.fromkeys(names))) == len(names)


def own_logits(model: Any, tokens: Tensor) -> Tensor:
    """Return the logits (B, T, vocabulary) of the module's own forward pass on `tokens` (B, T), fully causal."""
    logits: Tensor = model(**forward_inputs(model, input_ids=tokens.to(model.device), use_cache=False)).logits
    return logits


def vocabulary_rows(model: Any) -> int:
    """Return how many tokens the model has an embedding for."""
    rows: int = model.get_input_embeddings().weight.shape[0]
    return rows


def nats_allowed(dtype: torch.dtype) -> float:
    """Return by how much two ways to the same log-probability may differ in a precision."""
    return FULL_PRECISION_NATS if dtype in (torch.float32, torch.float64) else REDUCED_PRECISION_NATS


@contextlib.contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Put a model into evaluation mode without gradients and autocast while the block runs."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), torch.autocast(model.device.type, enabled=False):
            yield
    finally:
        model.train(training)


def asked_once(question: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """Return a function that answers a question about a model and remembers the answer as long as the model lives."""
    known: WeakKeyDictionary[Any, Answer] = WeakKeyDictionary()

    def answer(model: Any) -> Answer:
        if model not in known:
            known[model] = question(model)
        return known[model]

    return answer
