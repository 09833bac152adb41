"""How a prompt is worded for a model: as plain text, or as a chat in the tokenizer's template.

A prompt is a text, which is one message of a user, or the turns of a conversation. A completion of a chat model may
bring its program in fenced blocks among other words; `program_of` takes it out, of plain text it takes the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from moiety.errors import UserError
from moiety.extraction import extract_program

ChatTemplate = Literal["auto"] | bool
Turns = tuple[Mapping[str, str], ...]
Prompt = str | Turns


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """A wording: `chat` is the tokenizer's template; `prefix` is text before a plain prompt, such as a start token."""

    chat: bool = False
    prefix: str = ""

    def text(self, tokenizer: Any, prompt: Prompt) -> str:
        """Return the whole text that a completion of `prompt` follows."""
        if not self.chat:
            return self.prefix + (prompt if isinstance(prompt, str) else _plain(prompt))
        message = _turns(prompt)
        worded: str = tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
        return worded

    def program_of(self, completion: str, entry_point: str = "") -> str:
        """Return the program in a completion, which is to define `entry_point` where that is known."""
        return extract_program(completion, entry_point) if self.chat else completion


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


def prompt_format(tokenizer: Any, *, chat_template: ChatTemplate = "auto") -> PromptFormat:
    """Return how prompts are worded: "auto" uses the chat template where the tokenizer has one.

    A plain prompt begins with the start token where the tokenizer puts one before every text. Raises UserError where a
    template is asked for and there is none.
    """
    has_template = getattr(tokenizer, "chat_template", None) is not None
    if chat_template is True and not has_template:
        raise UserError("chat_template: the checkpoint's tokenizer has no chat template; need false or 'auto'")
    if has_template and chat_template is not False:
        return PromptFormat(chat=True)
    start = tokenizer.bos_token_id
    begins = start is not None and tokenizer("a")["input_ids"][:1] == [start]
    return PromptFormat(prefix=tokenizer.bos_token) if begins else PLAIN
