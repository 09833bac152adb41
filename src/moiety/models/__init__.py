"""Causal language models: the tiny one, any Hugging Face one, and how they sample. Importing this loads torch."""

from moiety.models.hf import Checkpoint, load_checkpoint
from moiety.models.policy import TorchPolicy, load_policy
from moiety.models.sampling import Sample, sample
from moiety.models.tiny import new_tiny_model
from moiety.models.tokenizer import train_tokenizer

__all__ = [
    "Checkpoint",
    "Sample",
    "TorchPolicy",
    "load_checkpoint",
    "load_policy",
    "new_tiny_model",
    "sample",
    "train_tokenizer",
]
