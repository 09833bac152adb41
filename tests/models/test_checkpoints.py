"""What is wrong with a checkpoint is told when it is loaded, in one line; what it is saved as is what it was."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from foreign_model import TEMPLATE, foreign_model, foreign_tokenizer
from moiety.errors import UserError
from moiety.models.checking import check_sampling, require_equal
from moiety.models.hf import load_checkpoint, stored_precision
from moiety.models.policy import TorchPolicy, load_policy
from moiety.models.prompts import prompt_format
from moiety.models.sampling import Sample
from moiety.models.tokenizer import decode_tokens, encode_pairs, encode_texts
from moiety.train.checkpoint import fits, save_checkpoint

torch.set_num_threads(1)


def write(folder: Path, tokenizer: Any, **changes: Any) -> None:
    """Write a checkpoint with this tokenizer and a model that fits `foreign_tokenizer`."""
    foreign_model(foreign_tokenizer(), **changes).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def with_words(tokenizer: Any) -> None:
    tokenizer.add_tokens(["returning", "defined"])


def with_one_far_token(tokenizer: Any) -> None:
    tokenizer.add_tokens(["lambda"])


def with_new_end(tokenizer: Any) -> None:
    tokenizer.add_special_tokens({"eos_token": "<|end|>"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_words, "the tokenizer has 2 tokens without an embedding, the first is 'returning'"),
        (with_one_far_token, "the tokenizer has 1 tokens without an embedding, the first is 'lambda'"),
        (with_new_end, "the tokenizer has 1 tokens without an embedding, the first is '<|end|>'"),
    ],
)
def test_tokens_without_an_embedding_are_refused(change: Any, message: str, tmp_path: Path) -> None:
    tokenizer = foreign_tokenizer()
    change(tokenizer)
    write(tmp_path, tokenizer)
    with pytest.raises(UserError, match=re.escape(message)):
        load_checkpoint(tmp_path)


def test_a_special_token_without_an_embedding_is_refused_only_where_a_text_has_it(tmp_path: Path) -> None:
    tokenizer = foreign_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    write(tmp_path, tokenizer)
    policy = load_policy(tmp_path)
    assert len(policy.encode(["def f(x):"])) == 1
    with pytest.raises(UserError, match="a text holds the token '<image>'"):
        policy.encode(["what is <image>?"])
    with pytest.raises(UserError, match="a text holds the token '<image>'"):
        policy.encode_pairs([("draw", "<image>")])


def test_more_embeddings_than_tokens_are_fine(tmp_path: Path) -> None:
    tokenizer = foreign_tokenizer()
    model = foreign_model(tokenizer)
    model.resize_token_embeddings(len(tokenizer) + 13, mean_resizing=False)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    check_sampling(load_policy(tmp_path), tmp_path)


def test_weights_that_the_files_lack_are_named(tmp_path: Path) -> None:
    write(tmp_path, foreign_tokenizer())
    weights = load_file(tmp_path / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"lacks 1 of the model's weights, such as lm_head\.weight"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"model_type": "no_such_family"}', "cannot load a causal language model: "),
        ("{", "cannot load a causal language model: "),
        ('{"model_type": "t5", "d_model": 8}', "cannot load a causal language model: "),
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_line(content: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, foreign_tokenizer())
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=message) as refused:
        load_checkpoint(tmp_path)
    assert "\n" not in str(refused.value)


NEEDS_SYSTEM = "{% if messages[0]['role'] != 'system' %}{{ raise_exception('need a system message') }}{% endif %}x"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (NEEDS_SYSTEM, "the chat template fails on a lone user message: need a system message; chat_template = false"),
        ("{{ messages[1]['content'] }}", "the chat template fails on a lone user message: "),
        ("{{ 'a' + 1 }}", "the chat template fails on a lone user message: "),
        ("{% for m in messages %}", "the chat template fails on a lone user message: "),
        (
            "{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}{{ 1 // 0 }}{% endif %}",
            "the chat template fails on a lone user message: ",
        ),
        ("<|user|>hello<|bot|>", "the chat template leaves out what a lone user message says"),
    ],
)
def test_a_template_is_tried_when_it_is_chosen(template: str, message: str, tmp_path: Path) -> None:
    tokenizer = foreign_tokenizer()
    tokenizer.chat_template = template
    write(tmp_path, tokenizer)
    with pytest.raises(UserError, match=re.escape(f"{tmp_path}: {message}")) as refused:
        load_policy(tmp_path)
    assert "\n" not in str(refused.value)
    assert load_policy(tmp_path, chat_template=False).wording.text(tokenizer, "say") == "say"


THINKING = TEMPLATE + "{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}"


def test_variables_of_a_template_reach_it_and_unknown_ones_are_refused() -> None:
    tokenizer = foreign_tokenizer()
    tokenizer.chat_template = THINKING
    said = {
        value: prompt_format(tokenizer, template_kwargs={"enable_thinking": value}).text(tokenizer, "go")
        for value in (True, False)
    }
    assert said == {True: "<s><|user|>go<|bot|>", False: "<s><|user|>go<|bot|><think></think>"}
    with pytest.raises(UserError, match="has no variable 'enable_thinkng'; did you mean 'enable_thinking'"):
        prompt_format(tokenizer, template_kwargs={"enable_thinkng": False})
    with pytest.raises(UserError, match=r"chat_template_kwargs\.tokenize: is not free"):
        prompt_format(tokenizer, template_kwargs={"tokenize": True})
    with pytest.raises(UserError, match="prompts are plain text here"):
        prompt_format(tokenizer, chat_template=False, template_kwargs={"enable_thinking": False})


def test_a_form_that_is_off_is_refused_with_family_attention_and_size() -> None:
    tokenizer = foreign_tokenizer()
    policy = TorchPolicy(foreign_model(tokenizer), tokenizer)
    own = torch.tensor([-1.0, -2.0])
    require_equal(policy, "ck", "packed", torch.tensor([-1.0, -2.0005]), own)
    with pytest.raises(
        UserError, match=r"ck: packed .* of a model of type 'llama' with sdpa attention are off by 0\.5"
    ):
        require_equal(policy, "ck", "packed", torch.tensor([-1.0, -2.5]), own)
    with pytest.raises(UserError, match="off by nan nats"):
        require_equal(policy, "ck", "packed", torch.tensor([-1.0, float("nan")]), own)
    with pytest.raises(UserError, match="are not finite"):
        require_equal(policy, "ck", "packed", own, own / 0)


def test_sampling_from_other_weights_than_the_models_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, foreign_tokenizer())
    policy = load_policy(tmp_path)
    check_sampling(policy, tmp_path)
    policy.model.config.rope_parameters["rope_theta"] = 3.0  # ours reads it anew, the module has its tables
    with torch.no_grad():
        for parameter in policy.model.parameters():
            parameter.mul_(8 if parameter.ndim == 2 else 1)
    with pytest.raises(UserError, match="sampled log-probabilities of a model of type 'llama'"):
        check_sampling(policy, tmp_path)


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16, torch.float16])
def test_the_precision_of_the_files_is_known_and_kept(stored: torch.dtype, tmp_path: Path) -> None:
    tokenizer = foreign_tokenizer()
    foreign_model(tokenizer).to(stored).save_pretrained(tmp_path / "a")
    tokenizer.save_pretrained(tmp_path / "a")
    loaded = load_checkpoint(tmp_path / "a")
    assert (loaded.stored, loaded.model.dtype) == (stored, torch.float32)
    save_checkpoint(loaded.model, loaded.tokenizer, tmp_path / "b", dtype=loaded.stored)
    assert stored_precision(tmp_path / "b") == stored
    for name, weight in load_file(tmp_path / "b" / "model.safetensors").items():
        assert torch.equal(weight, load_file(tmp_path / "a" / "model.safetensors")[name]), name
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "b", dtype="auto").dtype == stored


def test_weights_too_large_for_a_precision_are_noticed() -> None:
    model = foreign_model(foreign_tokenizer())
    assert fits(model, torch.float16)
    with torch.no_grad():
        model.lm_head.weight[3, 3] = 70_000
    assert not fits(model, torch.float16)
    assert fits(model, torch.bfloat16)


def like_sentencepiece(kind: str) -> Any:
    """Return a tokenizer that marks blanks and puts one before each text, as Llama's do, in one of two ways."""
    texts = ["    return x + 1", "def f(x):", "def f(x):\n    return x\n", "say it", "x = 'é'"] * 9
    trained = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    if kind == "metaspace":
        trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        trained.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    else:
        trained.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        trained.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
    special = ["<unk>", "<s>", "</s>", *(f"<0x{number:02X}>" for number in range(256))]
    trained.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False))
    wrapper: Any = PreTrainedTokenizerFast
    return wrapper(tokenizer_object=trained, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


@pytest.mark.parametrize("kind", ["metaspace", "prepend"])
@pytest.mark.parametrize(
    "completion", ["    return x", " return x", "return x", "def f(x):\n    return x\n", "    ", ""]
)
@pytest.mark.parametrize("before", ["def f(x):", "def f(x):\n", "say it\n"])
def test_a_completion_keeps_its_first_blanks(kind: str, before: str, completion: str) -> None:
    tokenizer = like_sentencepiece(kind)
    pairs = [("say it", "def"), (before, completion)]  # the first shows that a blank would be put before
    prompt, tokens = encode_pairs(tokenizer, pairs)[1]
    assert decode_tokens(tokenizer, [tokens]) == [completion]
    assert tokenizer.decode(prompt + tokens) == before + completion
    assert prompt == encode_texts(tokenizer, [before])[0]


@pytest.mark.parametrize("make", [foreign_tokenizer, lambda: like_sentencepiece("metaspace")])
def test_special_tokens_and_cut_characters_are_read_as_before(make: Any) -> None:
    tokenizer = make()
    end = tokenizer.eos_token_id
    tokens = encode_texts(tokenizer, ["x = 'é'"])[0]
    assert decode_tokens(tokenizer, [[*tokens, end], [end], []])[1:] == ["", ""]
    assert decode_tokens(tokenizer, [[*tokens, end]])[0].strip() == "x = 'é'"
    byte_tokens = [i for i in tokens if tokenizer.decode([i]) == "\ufffd"]
    for cut in (tokens[: tokens.index(byte_tokens[0]) + 1], [byte_tokens[-1], *tokens]) if byte_tokens else ():
        expected = tokenizer.decode(cut, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert decode_tokens(tokenizer, [cut])[0].lstrip() == expected.lstrip()


def test_bytes_that_meet_at_the_seam_make_no_character() -> None:
    tokenizer = foreign_tokenizer()
    first, second = encode_texts(tokenizer, ["é"])[0]
    assert decode_tokens(tokenizer, [[second, first]]) == ["\ufffd\ufffd"]


def test_a_chat_message_begins_without_the_blank_of_its_first_word() -> None:
    tokenizer = like_sentencepiece("prepend")
    tokenizer.chat_template = TEMPLATE
    model = foreign_model(foreign_tokenizer())

    def text(completion: str, *, chat: bool) -> str:
        tokens = encode_texts(tokenizer, [completion])[0]
        policy = TorchPolicy(model, tokenizer, wording=prompt_format(tokenizer, chat_template=chat))
        return policy.texts([Sample(tokens=tokens, logprobs=[0.0] * len(tokens), truncated=True)])[0]

    assert text("def f(x):", chat=True) == "def f(x):"
    assert text("def f(x):", chat=False) == " def f(x):"
    assert text("   return x", chat=True) == "    return x"
