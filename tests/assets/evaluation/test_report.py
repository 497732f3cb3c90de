"""The asset evaluation_report: its file, its page, and what it refuses."""

import html
import re

import dagster as dg

from bloodtwin_core.evaluation.forecasts_files import INDEX
from tests.assets.tiny_graph import Graph, failure_of

Finished = tuple[Graph, dg.ExecuteInProcessResult]


def test_the_page_says_it_in_plain_words_and_where_the_file_lies(finished: Finished) -> None:
    graph, result = finished
    [materialization] = result.asset_materializations_for_node("evaluation_report")
    opening = materialization.metadata["in plain words"].value
    assert isinstance(opening, str)
    assert "of virtual wearers and says nothing about people" in opening
    assert "Never dose insulin" in opening
    assert materialization.metadata["report"].value == str(graph.store.report.resolve())
    text = graph.store.report.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    words = " ".join(html.unescape(re.sub("<[^>]*>", " ", text.replace("\N{NO-BREAK SPACE}", " "))).split())
    assert words.count(opening) == 1


def test_made_again_from_the_same_test_it_is_the_same_file(copied: Graph) -> None:
    before = copied.store.report.read_bytes()
    assert copied.run("evaluation_report").success
    assert copied.store.report.read_bytes() == before


def test_a_test_of_another_checkpoint_is_refused_and_the_old_report_stays(copied: Graph) -> None:
    before = copied.store.report.read_bytes()
    index = copied.store.test_forecasts / INDEX
    index.write_text(index.read_text().replace('"checkpoint_sha256": "', '"checkpoint_sha256": "0'))
    copied.record_again("test_results")
    result = copied.run("evaluation_report")
    assert not result.success
    said = failure_of(result, "evaluation_report")
    assert "tells of another test than" in said
    assert "Materialize test_results again" in said
    assert copied.store.report.read_bytes() == before


def test_without_a_test_there_is_no_report(copied: Graph) -> None:
    copied.store.test_results.unlink()
    result = copied.run("evaluation_report")
    assert "test_results.yaml" in failure_of(result, "evaluation_report")
