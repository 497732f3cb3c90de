"""report.html: one file that needs nothing else, that can be read aloud, and that says what the results say."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bloodtwin_core.evaluation.baselines import fit_baselines, persistence
from bloodtwin_core.evaluation.forecasts import without_uncertainty
from bloodtwin_core.evaluation.measuring import measure
from bloodtwin_core.evaluation.testing import index_of
from bloodtwin_core.reporting.html import ReportPage, html, report_page, telling_pictures, write_page
from bloodtwin_core.reporting.html.opening import NOTHING_TESTED
from bloodtwin_core.reporting.html.parts import HtmlCell, HtmlTable, Section
from tests.core.evaluation.hand_made import TESTED
from tests.core.reporting.html.made import SETTINGS, few_days, material_of, nearly_right

MOST_BYTES = 2_000_000
VOID = {"meta", "link", "br", "img", "hr", "input"}
WINDOWS = few_days()
Attributes = dict[str, str | None]


class Elements(HTMLParser):
    """The elements of a page in order; fails where one is not closed in its place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Attributes]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def page() -> ReportPage:
    return report_page(material_of(WINDOWS, nearly_right(WINDOWS)))


@pytest.fixture(scope="module")
def text(page: ReportPage) -> str:
    return html(page)


def test_it_is_one_small_file_that_fetches_nothing_and_runs_nothing(text: str):
    assert len(text.encode()) < MOST_BYTES
    elements = Elements(text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in elements.found}
    for _, attributes in elements.found:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "xlink:href"):
            address = attributes.get(name) or "#"
            assert address.startswith(("#", "data:image/png;base64,"))
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_every_picture_is_described_and_every_table_has_caption_and_heads(text: str):
    elements = Elements(text)
    pictures = elements.all("svg")
    assert len(pictures) >= 10
    assert all(picture["role"] == "img" and len(picture["aria-label"] or "") > 30 for picture in pictures)
    assert len(elements.all("figcaption")) == len(elements.all("figure")) == len(pictures)
    assert len(elements.all("caption")) == len(elements.all("table"))
    assert {attributes.get("scope") for attributes in elements.all("th")} == {"col", "row"}
    assert elements.all("html") == [{"lang": "en"}]
    assert len(elements.all("h1")) == 1


def test_ids_are_unique_and_every_reference_has_its_target(text: str):
    ids = [attributes["id"] for _, attributes in Elements(text).found if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:href="#|url\(#|aria-labelledby=")([^")]+)', text)
    assert references
    assert set(references) <= set(ids)


def test_pictures_take_ink_and_colours_from_the_page_in_light_and_dark(text: str):
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    inks = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawn))
    assert not inks
    assert "currentColor" in drawn
    assert "prefers-color-scheme: dark" in text


def test_it_opens_with_the_paragraph_and_holds_all_sections(text: str, page: ReportPage):
    assert [section.anchor for section in page.sections] == [
        "words", "error", "grids", "alarms", "uncertainty", "groups", "days", "pumps", "disagreement",
    ]  # fmt: skip
    words = "".join(Elements(text).words).replace("\N{NO-BREAK SPACE}", " ")
    assert len(page.opening) == 5
    places = [words.index(line) for line in page.opening]
    assert places == sorted(places)
    assert places[-1] < words.index("How far it is off")


def test_the_same_test_gives_the_same_file(text: str):
    assert html(report_page(material_of(WINDOWS, nearly_right(WINDOWS)))) == text


def test_a_report_in_mmol_says_nothing_in_mg_but_what_a_zone_of_the_grid_is():
    material = material_of(WINDOWS, nearly_right(WINDOWS))
    settings = material.settings.model_copy(update={"unit": "mmol/L"})
    page = report_page(replace(material, settings=settings))
    words = " ".join(Elements(html(page)).words)
    assert "mmol/L" in words
    assert "mg/dL" not in words
    assert "mg/dL" not in html(page)
    assert "3.9 to 10.0" in words
    assert "70 to 180" not in words


def test_what_was_not_measured_is_never_a_no():
    windows = few_days(1, 300, 3)  # It ends before the moments that have targets.
    page = report_page(material_of(windows, nearly_right(windows)))
    rows = [row for section in page.sections for table in section.tables for row in table.rows]
    unmeasured = [row for row in rows if any("not measured:" in cell.text for cell in row)]
    assert unmeasured
    assert all("not measured" in [cell.text for cell in row] for row in unmeasured)


def test_every_cell_says_which_column_it_is_of_where_rows_are_lines(text: str):
    elements = Elements(text)
    rows = [*elements.all("td"), *(cell for cell in elements.all("th") if cell.get("scope") == "row")]
    assert all(cell.get("data-head") is not None for cell in rows)


@pytest.mark.parametrize("horizon", [3, 24])
def test_a_report_of_any_horizon_and_without_quantiles(horizon: int):
    windows = few_days(1, 300, horizon)
    material = material_of(windows, without_uncertainty(lambda rows: persistence(windows, rows)))
    text = html(report_page(material))
    Elements(text)
    assert "does not say how sure it is" in text


def test_a_test_without_a_window_says_that_nothing_is_known():
    whole = material_of(WINDOWS, nearly_right(WINDOWS))
    none = whole.forecasts.take(slice(0, 0))
    index = index_of(WINDOWS, fit_baselines(WINDOWS, SETTINGS), TESTED).model_copy(update={"windows": 0})
    page = report_page(replace(whole, forecasts=none, results=measure(none, WINDOWS, index, SETTINGS)))
    assert page.opening[0] == NOTHING_TESTED
    assert not page.sections
    Elements(html(page))


def test_the_most_telling_pictures_are_named(page: ReportPage):
    found = telling_pictures(page)
    assert {"error grid", "coverage by horizon", "error by glucose range", "worst day"} <= set(found)
    assert found["error grid"].name == "parkes-60"


def test_what_the_page_is_given_stays_text():
    table = HtmlTable("<b>", ["<i>"], [[HtmlCell("<script>alert(1)</script>")]])
    text = html(ReportPage("<u>", ["a & b < c"], [("x", "<p>")], [Section("s", "<s>", ["<p>"], [table])]))
    assert "<script>" not in text
    assert "a &amp; b &lt; c" in text
    Elements(text)


def test_a_failed_write_keeps_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "report.html"
    path.write_text("before")
    monkeypatch.setattr("bloodtwin_core.reporting.html.page.html", lambda _page: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_page(ReportPage("t", ["o"], [], []), path)
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
