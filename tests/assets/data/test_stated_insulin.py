"""The second opinion on insulin: its check warns, and the page of raw_pump_splits shows both."""

import dagster as dg
import numpy as np

from tests.assets.tiny_graph import Graph, evaluations

HEADER = (
    "Index;Date;Time;New Device Time;Basal Rate (U/h);Temp Basal Amount;Temp Basal Type;Temp Basal Duration (h:mm:ss);"
    "Bolus Type;Bolus Volume Selected (U);Bolus Volume Delivered (U);Suspend;Sensor Glucose (mg/dL);"
    "Bolus Number;Bolus Source"
)


def carelink(days: int, total: float) -> str:
    """An automatic delivery of 0.05 U every five minutes, and the daily totals that the export states."""
    start = np.datetime64("2024-03-01T00:02:00", "s")
    times = start + 300 * np.arange(288 * days)
    midnights = (start.astype("datetime64[D]") + np.arange(days)).astype("datetime64[s]")

    def row(number: int, time: np.datetime64, *cells: str) -> str:
        return ";".join([f"{number}", str(time)[:10].replace("-", "/"), str(time)[11:], "", *cells])

    log = [row(n, time, "", "", "", "", "Normal", "0,05", "0,05", "", "", "", "CLOSED_LOOP_AUTO_BASAL")
           for n, time in enumerate(times[::-1])]  # fmt: skip
    totals = [row(n, day, "", "", "", "", "Normal", f"{total}", f"{total}", "", "", "", "CLOSED_LOOP_AUTO_INSULIN")
              for n, day in enumerate(midnights)]  # fmt: skip
    sensor = [row(n, time, "", "", "", "", "", "", "", "", f"{120 + n % 40}") for n, time in enumerate(times[::-1])]
    parts = (
        ("Pump;NG1;-------", log),
        ("Pump;NG1;Aggregated Auto Insulin Data", totals),
        ("Sensor;NG1;-------", sensor),
    )
    lines = [line for mark, rows in parts for line in (f"-------;MiniMed 780G;{mark}", HEADER, *rows)]
    return "\n".join(["Last Name;First Name;Device;MiniMed 780G", '"L";"A"', "", *lines, ""])


def outcome(graph: Graph, text: str) -> tuple[dg.AssetCheckEvaluation, dg.ExecuteInProcessResult]:
    folder = graph.root / "anna"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "export.csv").write_text(text)
    data = {"source": "vendor", "root": str(folder), "vendor": {"time_zone": "UTC"}}
    result = graph.run("raw_pump_splits", data=data)
    return evaluations(result)["stated_insulin"], result


def test_a_source_that_states_what_was_imported_passes(graph: Graph) -> None:
    check, _ = outcome(graph, carelink(9, 14.4))
    assert check.passed
    assert "weeks agree" in str(check.description)


def test_a_source_that_states_other_insulin_is_warned_of_and_blocks_nothing(graph: Graph) -> None:
    check, result = outcome(graph, carelink(9, 18.0))
    assert (check.passed, check.severity, check.blocking) == (False, dg.AssetCheckSeverity.WARN, False)
    assert "100.8 U of all insulin were imported, the source states 126.0 U (-20.0%)" in str(check.description)
    page = next(iter(result.asset_materializations_for_node("raw_pump_splits"))).metadata
    for name in ("insulin stated and imported, by week (U)", "insulin stated and imported, by day (U)"):
        shown = page[name]
        assert isinstance(shown, dg.TableMetadataValue)
        assert {"stated", "imported"} <= {column.name for column in shown.schema.columns}


def test_where_no_total_is_stated_figures_stand_beside_what_is_usual(graph: Graph) -> None:
    result = graph.run("raw_pump_splits")
    page = next(iter(result.asset_materializations_for_node("raw_pump_splits"))).metadata
    figures = page["plausibility of insulin"]
    assert isinstance(figures, dg.TableMetadataValue)
    assert len(figures.records) == 2 * 4
    assert "AZT1D" in str(figures.records[0].data["source of usual"])
    assert evaluations(result)["stated_insulin"].passed
