"""The program in a model's answer: which part of a text in Markdown is the Python that was asked for.

`extract_program` is the one way that rewards, evaluation, `judge_completions` and `moiety judge --extract` take.
Nothing is run here. Not what the audit needs, which is any code in a text: that is `contamination.rows`.
"""

from moiety.extraction.fences import Block, fenced_blocks, parsed
from moiety.extraction.program import defines, extract_program, is_fenced
from moiety.extraction.thinking import after_thinking

__all__ = ["Block", "after_thinking", "defines", "extract_program", "fenced_blocks", "is_fenced", "parsed"]
