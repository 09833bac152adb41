"""The report of a study: one self-contained page, with Markdown and CSV beside it, from a run directory alone.

Not the statistics (`statistics`) and not the study: nothing is computed here but means over seeds.
"""

from moiety.report.export import arms_csv, arms_markdown
from moiety.report.page import render_report

__all__ = ["arms_csv", "arms_markdown", "render_report"]
