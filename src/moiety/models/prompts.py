"""How a prompt is worded for a model: as plain text, or as the one message of a chat in the tokenizer's template.

Not a conversation: no system message, no turns before. A completion of a chat model may bring its program in fenced
blocks among other words; `program_of` takes it out, of plain text it takes the whole.
"""

from dataclasses import dataclass
from typing import Any, Literal

from moiety.contamination.rows import program_in
from moiety.errors import UserError

ChatTemplate = Literal["auto"] | bool


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """A wording: `chat` is the tokenizer's template; `prefix` is text before a plain prompt, such as a start token."""

    chat: bool = False
    prefix: str = ""

    def text(self, tokenizer: Any, prompt: str) -> str:
        """Return the whole text that a completion of `prompt` follows."""
        if not self.chat:
            return self.prefix + prompt
        message = [{"role": "user", "content": prompt.removesuffix("\n")}]
        worded: str = tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
        return worded

    def program_of(self, completion: str) -> str:
        """Return the program in a completion."""
        return program_in(completion) if self.chat else completion


PLAIN = PromptFormat()


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
