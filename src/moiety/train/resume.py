"""Where a stage goes on after a kill: its state after some step, kept in a folder of its own.

A state holds weights, optimisers, totals and the metrics told so far. Random streams are derived from seed and step, so
there is none to keep, and what follows equals what would have followed, bit for bit. A file is written whole or not at
all and bears its digest; the two newest are kept. Not a checkpoint of a policy: that is `checkpoint`.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import torch

from moiety.errors import UserError
from moiety.runs import canonical_hash, write_bytes
from moiety.train.metrics import Budget, Metrics, OnStep

KEPT = 2
DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class Resume:
    """Where the state is kept, and how often."""

    folder: Path
    every_steps: int = 10

    @classmethod
    def of_steps(cls, folder: Path, steps: int) -> Self:
        """Return one that keeps a state about eight times in `steps`, and every 50 steps at the least."""
        return cls(folder, every_steps=min(50, max(1, steps // 8)))


class Stateful(Protocol):
    """A part of a stage with a state, such as a model or an optimiser."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state."""

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Take over a state."""


@dataclass(slots=True)
class Ledger:
    """What a stage has told and spent so far, and its parts; without `resume` nothing is kept.

    `identity` is all that the course of the stage depends on, besides where its parts start.
    """

    resume: Resume | None
    identity: Any
    parts: Mapping[str, Stateful]
    budget: Budget
    on_step: OnStep
    told: list[Metrics] = field(default_factory=list)

    def restore(self) -> int:
        """Take over the newest state that is whole, tell its metrics again, and return its step; 0 where none is.

        Raises UserError for the state of another stage or of other settings.
        """
        found = None if self.resume is None else newest_state(self.resume.folder)
        if found is None:
            return 0
        if found["identity"] != canonical_hash(self.identity):
            assert self.resume is not None
            raise UserError(f"{self.resume.folder}: holds the state of a stage with other settings, seed or data")
        for name, part in self.parts.items():
            load_part(part, found["parts"][name])
        for name, value in found["budget"].items():
            setattr(self.budget, name, value)
        for metrics in found["told"]:
            self.tell(metrics, {})
        step: int = found["step"]
        return step

    def tell(self, metrics: Metrics, times: Metrics) -> None:
        """Hand a step's metrics on, and remember them."""
        self.told.append(metrics)
        self.on_step(metrics, times)

    def keep(self, step: int) -> None:
        """Keep the state after `step` where its turn has come, and remove those that are too old."""
        if self.resume is None or step % self.resume.every_steps:
            return
        state = {
            "step": step,
            "identity": canonical_hash(self.identity),
            "parts": {name: _state(part) for name, part in self.parts.items()},
            "budget": asdict(self.budget),
            "told": self.told,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        content = buffer.getvalue()
        write_bytes(_file(self.resume.folder, step), hashlib.sha256(content).digest() + content)
        for old in _files(self.resume.folder)[KEPT:]:
            old.unlink(missing_ok=True)


def _state(part: Stateful) -> dict[str, Any]:
    """Return a part's state; of a model with frozen weights, such as one with adapters, what it trains alone."""
    state = part.state_dict()
    if isinstance(part, torch.nn.Module) and (frozen := _frozen(part)):
        return {name: value for name, value in state.items() if name not in frozen}
    return state


def load_part(part: Stateful, state: dict[str, Any]) -> None:
    """Let a part take over a state, which leaves frozen weights as they are."""
    if isinstance(part, torch.nn.Module):
        missing = set(part.load_state_dict(state, strict=False).missing_keys)
        assert missing <= _frozen(part), missing - _frozen(part)
    else:
        part.load_state_dict(state)


def _frozen(model: torch.nn.Module) -> set[str]:
    """Return the names of the weights that are not trained; a weight with two names is under both."""
    return {name for name, one in model.named_parameters(remove_duplicate=False) if not one.requires_grad}


def newest_state(folder: Path) -> dict[str, Any] | None:
    """Return the newest state in a folder whose digest is right, or None."""
    for path in _files(folder):
        content = path.read_bytes()
        if hashlib.sha256(content[DIGEST_BYTES:]).digest() == content[:DIGEST_BYTES]:
            state: dict[str, Any] = torch.load(
                io.BytesIO(content[DIGEST_BYTES:]), map_location="cpu", weights_only=True
            )
            return state
    return None


def _file(folder: Path, step: int) -> Path:
    return folder / f"state-{step:08d}.pt"


def _files(folder: Path) -> list[Path]:
    """Return the states in a folder, newest first."""
    return sorted(folder.glob("state-*.pt"), reverse=True)
