"""Whether all forms in which a policy's rows are read and sampled give one distribution, asked when it is loaded.

Packed, padded, sampled and the module's own forward pass alike; and, of TRL, whether its packed rows are kept apart.
"""

import torch

from moiety.errors import UserError
from moiety.models.checking import check_sampling, require_equal
from moiety.models.module import evaluating, forward_inputs, nats_allowed, own_logits
from moiety.models.policy import TorchPolicy
from moiety.recipe.train import TrainRecipe
from moiety.train.data import Row, packed_batch, padded_batch
from moiety.train.losses import token_logprobs
from moiety.train.scoring import autocast, learnt_logits


def check_policy(policy: TorchPolicy, recipe: TrainRecipe) -> None:
    """Raise UserError, naming the checkpoint, for a form whose log-probabilities are not the model's own."""
    name = recipe.checkpoint
    trial = check_sampling(policy, name)
    rows = [Row(tuple(p), tuple(c)) for p, c in zip(trial.prompts, trial.completions, strict=True)]
    forms = {
        "padded": padded_batch(rows),
        "packed": packed_batch(rows, [range(len(rows))], row_tokens=sum(map(len, rows)) + 1, prompt_loss=False),
    }
    with evaluating(policy.model):
        for form, batch in forms.items():
            with autocast("bf16" if policy.precision.weights is torch.bfloat16 else "fp32", policy.model.device.type):
                logprobs = token_logprobs(*learnt_logits(policy.model, batch))
            require_equal(policy, name, form, logprobs, trial.own)
        if recipe.engine == "trl" and recipe.algorithm == "sft":
            _check_positions(policy, name, rows)


def _check_positions(policy: TorchPolicy, name: str, rows: list[Row]) -> None:
    """Raise UserError where positions that begin again do not keep packed rows apart, all that TRL gives."""
    model = policy.model
    first, last = (torch.tensor([row.prompt + row.completion], device=model.device) for row in rows[:2])
    tokens = torch.cat([first, last], dim=1)
    positions = torch.cat([torch.arange(part.shape[1], device=model.device) for part in (first, last)])[None]
    inputs = forward_inputs(model, input_ids=tokens, position_ids=positions, use_cache=False)
    packed = model(**inputs).logits[0, first.shape[1] :].float().log_softmax(-1)
    known = own_logits(model, last)[0].float().log_softmax(-1)
    likely = known.topk(4, dim=-1).indices
    if not bool((packed - known).gather(1, likely).abs().max() <= nats_allowed(model.dtype)):
        raise UserError(
            f"{name}: TRL packs rows, and a model of type {model.config.model_type!r} does not keep them apart; "
            "need engine = 'moiety'"
        )
