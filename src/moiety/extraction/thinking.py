"""The answer in a text that begins with thoughts: what stands after the thinking part.

A mark counts only at the edge of a line, so that a program which names one in a string stays whole. A thinking part
that never ends has no answer after it.
"""

import re

_TAGS = ("think", "thinking", "thought", "thoughts", "reasoning", "reflection", "seed:think")
_PAIRS = (
    *((f"<{tag}>", f"</{tag}>") for tag in _TAGS),
    ("[THINK]", "[/THINK]"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought", "<channel|>"),
)
_MARKS = [
    (
        re.compile(rf"^[ \t]*{re.escape(opening)}", re.MULTILINE | re.IGNORECASE),
        re.compile(re.escape(closing), re.IGNORECASE),
        re.compile(rf"^[ \t]*{re.escape(closing)}|{re.escape(closing)}[ \t]*\r?$", re.MULTILINE | re.IGNORECASE),
    )
    for opening, closing in _PAIRS
]
_FINAL = re.compile(r"<\|channel\|>final[^<\n]*(?:<\|constrain\|>[^<\n]*)?<\|message\|>")
_MESSAGE_END = re.compile(r"<\|(?:end|return|start|call)\|>")
_BARE_FINAL = re.compile(r"\Aanalysis(?=\S).*?assistantfinal", re.DOTALL)  # the same once special tokens are gone
_END_TOKENS = re.compile(r"(?:\s*(?:<\|[^|<>\n]{1,40}\|>|<｜[^｜<>\n]{1,40}｜>|</s>|<eos>|<end_of_turn>))+\s*\Z")
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\r?\n)+")


def after_thinking(text: str) -> str:
    """Return the answer in a text: without the thoughts before it, and without the tokens that end a message."""
    answer = _final_message(text)
    for opening, closing, lone_closing in _MARKS:
        answer = _without(answer, opening, closing, lone_closing)
    answer = _END_TOKENS.sub("\n", answer)
    return text if answer == text else _BLANK_LINES.sub("", answer)


def _final_message(text: str) -> str:
    """Return the message of the channel `final` where a text is written in channels; nothing where it has none."""
    bare = _BARE_FINAL.match(text)
    if bare is not None:
        return text[bare.end() :]
    if not text.lstrip().startswith(("<|channel|>", "<|start|>")) and not _FINAL.search(text):
        return text
    messages = list(_FINAL.finditer(text))
    if not messages:
        return ""
    said = text[messages[-1].end() :]
    end = _MESSAGE_END.search(said)
    return said if end is None else said[: end.start()]


def _without(text: str, opening: re.Pattern[str], closing: re.Pattern[str], lone_closing: re.Pattern[str]) -> str:
    """Return a text without the parts between two marks. The first mark may stand in the prompt, which is not here."""
    while True:
        begun, closed = opening.search(text), lone_closing.search(text)
        if closed is not None and (begun is None or closed.start() < begun.start()):
            text = text[closed.end() :]
            continue
        if begun is None:
            return text
        ended = closing.search(text, begun.end())
        if ended is None:
            return text[: begun.start()]
        text = text[: begun.start()] + text[ended.end() :]
