"""How a prompt is worded for a model: as plain text, or as a chat in the tokenizer's template.

A prompt is a text, which is one message of a user, or the turns of a conversation. A completion of a chat model may
bring its program in fenced blocks among other words; `program_of` takes it out, of plain text it takes the whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from moiety.errors import UserError, did_you_mean
from moiety.extraction import extract_program

ChatTemplate = Literal["auto"] | bool
Turns = tuple[Mapping[str, str], ...]
Prompt = str | Turns
TRIED_PROMPT = "Write a function that adds one."
OURS = ("conversation", "messages", "tokenize", "add_generation_prompt")  # arguments of a template that are not free


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """A wording: `chat` is the tokenizer's template; `prefix` is text before a plain prompt, such as a start token.

    `template_kwargs` are variables handed to the template, such as `enable_thinking`.
    """

    chat: bool = False
    prefix: str = ""
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)

    def text(self, tokenizer: Any, prompt: Prompt) -> str:
        """Return the whole text that a completion of `prompt` follows. Raises UserError where the template fails."""
        if not self.chat:
            return self.prefix + (prompt if isinstance(prompt, str) else _plain(prompt))
        message = _turns(prompt)
        try:
            worded: str = tokenizer.apply_chat_template(
                message, tokenize=False, add_generation_prompt=True, **self.template_kwargs
            )
        except Exception as error:  # a template is a program of its author's, and raises what it likes
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            said = "a lone user message" if len(message) == 1 else f"{len(message)} turns"
            raise UserError(f"the chat template fails on {said}: {reason}; {WITHOUT}") from error
        return worded

    def program_of(self, completion: str, entry_point: str = "") -> str:
        """Return the program in a completion, which is to define `entry_point` where that is known."""
        return extract_program(completion, entry_point) if self.chat else completion


WITHOUT = "chat_template = false (eval: --plain) words prompts as plain text"
PLAIN = PromptFormat()


def _turns(prompt: Prompt) -> list[dict[str, str]]:
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt.removesuffix("\n")}]
    return [dict(turn) for turn in prompt]


def _plain(turns: Turns) -> str:
    """Return a system's and a user's turn as text. Raises UserError for a conversation, which needs a template."""
    roles = [turn["role"] for turn in turns]
    if roles not in (["user"], ["system", "user"]):
        raise UserError(f"messages: {', '.join(roles)}: expected one user's turn where there is no chat template")
    return "\n\n".join(turn["content"] for turn in turns) + "\n"


def prompt_format(
    tokenizer: Any, *, chat_template: ChatTemplate = "auto", template_kwargs: Mapping[str, Any] | None = None
) -> PromptFormat:
    """Return how prompts are worded: "auto" uses the chat template where the tokenizer has one.

    A plain prompt begins with the start token where the tokenizer puts one before every text. Raises UserError where a
    template is asked for and there is none, for one that fails on a message or leaves it out, and for `template_kwargs`
    that no template reads.
    """
    template_kwargs = dict(template_kwargs or {})
    has_template = getattr(tokenizer, "chat_template", None) is not None
    if chat_template is True and not has_template:
        raise UserError("chat_template: the checkpoint's tokenizer has no chat template; need false or 'auto'")
    if has_template and chat_template is not False:
        _check_kwargs(tokenizer, template_kwargs)
        chat = PromptFormat(chat=True, template_kwargs=template_kwargs)
        if TRIED_PROMPT not in chat.text(tokenizer, TRIED_PROMPT):
            raise UserError(f"the chat template leaves out what a lone user message says; {WITHOUT}")
        return chat
    if template_kwargs:
        raise UserError("chat_template_kwargs: prompts are plain text here, no chat template reads these")
    start = tokenizer.bos_token_id
    begins = start is not None and tokenizer("a")["input_ids"][:1] == [start]
    return PromptFormat(prefix=tokenizer.bos_token) if begins else PLAIN


def _check_kwargs(tokenizer: Any, template_kwargs: Mapping[str, Any]) -> None:
    """Raise UserError for a variable that the template does not read: a template passes over those in silence."""
    template = tokenizer.chat_template
    source = "\n".join(template.values()) if isinstance(template, dict) else str(template)
    words = sorted(set(re.findall(r"[A-Za-z_]\w*", source)))
    for name in template_kwargs:
        if name in OURS:
            raise UserError(f"chat_template_kwargs.{name}: is not free; prompts are one user message each")
        if name not in words:
            hint = did_you_mean(name, words)
            hint = hint if hint.startswith("; did") else ""
            raise UserError(f"chat_template_kwargs: the checkpoint's chat template has no variable {name!r}{hint}")
