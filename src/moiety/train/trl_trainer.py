"""How a trainer of TRL's is run: with our schedule, from the newest checkpoint, and leaving the model as it was found.

Not how it is configured: that is `trl_engine`.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from moiety.errors import UserError
from moiety.train.config import OptimiserConfig
from moiety.train.optimise import learning_rate_at
from moiety.train.trl_books import Books, newest_checkpoint


def is_main_process() -> bool:
    """Tell whether this process writes files: the only one, or the first of those that `accelerate launch` started."""
    return os.environ.get("RANK", "0") == "0"


def scheduled(trainer_class: Any, optimiser: OptimiserConfig, books: Books) -> Any:
    """Return the trainer class with our learning-rate schedule, telling the books each micro-batch."""

    class Trainer(trainer_class):  # type: ignore[misc]
        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            def share(step: int) -> float:
                return learning_rate_at(step, optimiser, steps=num_training_steps) / optimiser.learning_rate

            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer or self.optimizer, share)
            self._created_lr_scheduler = True
            return self.lr_scheduler

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any) -> Any:
            books.saw(inputs)
            return super().training_step(model, inputs, num_items_in_batch)

    return Trainer


def run(trainer: Any, books: Books, folder: Path) -> None:
    """Train from the newest whole checkpoint in the folder, if any."""
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(books.callback(trainer))
    found = newest_checkpoint(folder)
    if found is not None:
        books.restore(found)
    elif is_main_process():
        books.checkpoint(0, trainer.model)
    try:
        trainer.train(resume_from_checkpoint=None if found is None else str(found))
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"{books.stage}: out of memory: lower trl.per_device_train_batch_size (now "
            f"{trainer.args.per_device_train_batch_size}) or set trl.activation_checkpointing = true"
        ) from error
    trainer.model.eval()


@contextlib.contextmanager
def restored(model: Any) -> Iterator[None]:
    """Take back, at the end, what TRL changes of a model besides its weights."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    name, forward = inner.config._name_or_path, inner.__dict__.get("forward")
    try:
        yield
    finally:
        inner.config._name_or_path = name
        inner.__dict__.pop("forward", None)
        if forward is not None:
            inner.__dict__["forward"] = forward


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep TRL's progress bars to itself, and its warning about a name that transformers has changed meanwhile."""
    import datasets
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        datasets.disable_progress_bars()
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            datasets.enable_progress_bars()
            if shown:
                logging.enable_progress_bar()  # type: ignore[no-untyped-call]
