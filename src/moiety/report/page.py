"""The report: one self-contained HTML page made from a run directory, with no script and no outside request.

Not a dashboard and not a judge: every sentence and number comes from the run's own files, and what is missing is said
to be "not measured". Read it beside Miller 2024 (arXiv 2411.00640) on error bars for evaluations.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from moiety import runs
from moiety.errors import UserError
from moiety.report import arm_tables, tables, text
from moiety.report.cards import cards, rl_note, summary, warnings
from moiety.report.curves import reward_figure, validation_figure
from moiety.report.dose import dose_figure
from moiety.report.figures import Figure, gap_figure, retention_figure
from moiety.report.load import load_result
from moiety.report.result import Result
from moiety.report.times import machine_table, times_table

if TYPE_CHECKING:
    from jinja2 import Template

MOST_BYTES = 1_000_000
HERE = Path(__file__).parent


def render_report(run_dir: Path) -> Path:
    """Write `report.html` into a run directory and return its path.

    Equal inputs give equal bytes. Raises `UserError` where the run's files are not ours or the extra is missing.
    """
    template = page_template("template.html")
    result = load_result(run_dir)
    content = template.render(
        result=result,
        style=(HERE / "style.css").read_text(encoding="utf-8"),
        cards=cards(result),
        summary=summary(result),
        warnings=warnings(result),
        notes=(*result.notes, *(() if _tells_of_rl(result) else (rl_note(result),))),
        figures={figure.name: figure for figure in _figures(result)},
        scores=[arm_tables.scores_table(result, domain) for domain in result.domains()],
        tables={table.name: table for table in _tables(result)},
        space=tables.space_table(result),
        recipe=None if result.recipe is None else _pretty(result.recipe),
        times=times_table(run_dir),
        machine=machine_table(run_dir),
        text=text,
    )
    size = len(content.encode())
    if size > MOST_BYTES:
        raise UserError(
            f"{run_dir}: need a page of at most {MOST_BYTES:,} bytes, got {size:,}; study fewer arms at once"
        )
    runs.write_text(run_dir / "report.html", content)
    return run_dir / "report.html"


def page_template(name: str) -> "Template":
    """Return a template of ours that escapes what it is given. Raises `UserError` where the extra is missing."""
    try:
        import jinja2
    except ImportError:
        raise UserError("the report needs jinja2, which is not installed: pip install 'moiety[report]'") from None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _tells_of_rl(result: Result) -> bool:
    return any("PPO" in note for note in result.notes)


def _figures(result: Result) -> tuple[Figure, ...]:
    drawers = (dose_figure, reward_figure, validation_figure, gap_figure, retention_figure)
    return tuple(draw(result) for draw in drawers)


def _tables(result: Result) -> tuple[tables.Table, ...]:
    makers = (
        arm_tables.diagnostics_table, arm_tables.budgets_table, tables.contrasts_table, tables.health_table,
        tables.counts_table, tables.keys_table, tables.rejections_table,
    )  # fmt: skip
    return tuple(make(result) for make in makers)


def _pretty(recipe: object) -> str:
    return json.dumps(recipe, indent=2, sort_keys=True, ensure_ascii=False)
