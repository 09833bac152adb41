"""The page in a real browser: it asks nobody for anything, complains of nothing, and fits a desk and a phone."""

import shutil
from collections.abc import Iterator

import pytest
from report_fixture import make_result, write_run

from moiety.report import render_report

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
if CHROMIUM is None:
    pytest.skip("needs chromium: apt-get install chromium", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install 'moiety[dev]'")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    run = write_run(tmp_path_factory.mktemp("browser") / "run", make_result((0, 1, 2)), times=True)
    return render_report(run).as_uri()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_chromium(browser: object, report_url: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[attr-defined]
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report_url)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert report_url in asked
    assert said == []
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert size == [width, width]
    outside = page.evaluate(
        "[...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().right > innerWidth)"
        ".map(t => t.textContent)"
    )
    assert outside == []
    shown = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (shown == "rgb(18, 21, 26)") == (scheme == "dark")
    context.close()


def test_print_is_light_and_shows_the_folded_tables(browser: object, report_url: str) -> None:
    context = browser.new_context(color_scheme="dark")  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(report_url)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('#table-scores-retention').checkVisibility()") is True
    context.close()
