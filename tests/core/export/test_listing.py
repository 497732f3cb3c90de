"""model.json says what each export beside it is, and a test vector what it forecasts."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Cell, ExportSettings
from bloodtwin_core.export import export_onnx, export_torchscript, facts_of, list_model, write_test_vector
from bloodtwin_core.export.onnx_files import write_onnx
from bloodtwin_core.export.onnx_graph import window_graph
from bloodtwin_core.export.vectors import ReferenceVector
from bloodtwin_core.pretrained import files
from bloodtwin_core.records import Clock, PumpRecords, Timestamps, records_from_signals
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.facts import FACTS, ExportFacts
from bloodtwin_core.serving.intake import taken
from bloodtwin_core.serving.lookback import lookback_of
from bloodtwin_core.serving.model_json import MODEL_JSON, read_model_json
from tests.core.export.test_export import untrained


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint = untrained(Cell.lstm)
    export_onnx(checkpoint, tmp_path / "model.onnx", ExportSettings())
    export_torchscript(checkpoint, tmp_path / "model.ts")
    for name in ("model.onnx", "model.ts"):
        list_model(tmp_path / name, facts_of(checkpoint))
    return tmp_path


def test_every_export_is_listed_with_its_facts(folder: Path) -> None:
    listed = json.loads((folder / MODEL_JSON).read_text())["models"]
    assert set(listed) == {"model.onnx", "model.ts"}
    assert listed["model.onnx"]["sha256"] == sha256_of(folder / "model.onnx")
    assert listed["model.onnx"]["facts"]["clock"] == "utc"
    assert listed["model.onnx"]["facts"] == json.loads(Forecaster.load(folder / "model.onnx").facts.model_dump_json())


def test_an_export_written_again_is_listed_again_and_one_that_is_gone_is_struck_off(folder: Path) -> None:
    (folder / "model.ts").unlink()
    export_onnx(untrained(Cell.gru), folder / "model.onnx", ExportSettings())
    assert set(read_model_json(folder).models) == {"model.onnx"}
    Forecaster.load(folder / "model.onnx")


@pytest.mark.parametrize("name", ["model.onnx", "model.ts"])
def test_another_file_under_its_name_is_refused(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    other = tmp_path_factory.mktemp("other")
    export_onnx(untrained(Cell.gru), other / "model.onnx", ExportSettings())
    export_torchscript(untrained(Cell.gru), other / "model.ts")
    shutil.copyfile(other / name, folder / name)
    with pytest.raises(ArtifactMissing, match=rf"{name} is not the file that model.json lists: its sha256 differs"):
        Forecaster.load(folder / name)


def test_a_model_json_that_says_something_else_is_refused(folder: Path) -> None:
    content = json.loads((folder / MODEL_JSON).read_text())
    content["models"]["model.onnx"]["facts"]["lookback"] = 12
    (folder / MODEL_JSON).write_text(json.dumps(content))
    with pytest.raises(ArtifactMissing, match="do not agree on lookback"):
        Forecaster.load(folder / "model.onnx")
    (folder / MODEL_JSON).write_text("{")
    with pytest.raises(ArtifactMissing, match=r"model.json is damaged"):
        Forecaster.load(folder / "model.onnx")


def test_what_an_old_file_does_not_say_model_json_adds(folder: Path) -> None:
    old = Forecaster.load(folder / "model.onnx").facts
    stated = old.model_dump(exclude={"clock", "max_gap_hours", "max_reading_age_minutes", "min_measured_share"})
    (folder / MODEL_JSON).unlink()
    inside = ExportFacts.model_validate(stated)
    write_onnx(window_graph(untrained(Cell.lstm), 17), inside, folder / "model.onnx")
    model = onnx.load(folder / "model.onnx")
    onnx.helper.set_model_props(model, {FACTS: inside.model_dump_json(exclude_unset=True)})
    onnx.save(model, folder / "model.onnx")
    assert Forecaster.load(folder / "model.onnx").facts.clock is None
    list_model(folder / "model.onnx", inside.model_copy(update={"clock": Clock.local}))
    assert Forecaster.load(folder / "model.onnx").facts.clock is Clock.local


def _vectors(tmp_path: Path) -> list[tuple[Path, Path]]:
    export_onnx(untrained(Cell.lstm), tmp_path / "model.onnx", ExportSettings())
    write_test_vector(tmp_path / "model.onnx", tmp_path / "test_vector.json")
    pairs = [(tmp_path / "model.onnx", tmp_path / "test_vector.json")]
    if files.is_shipped():
        pairs.append((files.FOLDER / files.ONNX, files.FOLDER / files.TEST_VECTOR))
    return pairs


def test_a_test_vector_holds_for_its_model(tmp_path: Path) -> None:
    """As a port would check itself: records to input, input to forecast."""
    for model, path in _vectors(tmp_path):
        vector = ReferenceVector.model_validate_json(path.read_text())
        assert vector.sha256 == sha256_of(model)
        forecaster = Forecaster.load(model, threads=1)
        for case in vector.cases:
            times: Timestamps = np.array([time.removesuffix("Z") for time in case.timestamps], dtype="datetime64[s]")
            signals = (np.array(signal, dtype=float) for signal in (case.bg, case.basal_rate, case.bolus_dose))
            made = records_from_signals("a", times, *signals)
            records = taken(PumpRecords("a", made.timestamps, made.values, wearer_zone=case.wearer_zone))
            expected = np.array(case.input, dtype=np.float32)
            np.testing.assert_allclose(lookback_of(records, forecaster.facts)[1], expected, atol=1e-6)
            answer = forecaster.predict(expected[None])[0]
            np.testing.assert_allclose(answer, case.prediction, atol=vector.tolerance)
            if case.quantiles:
                forecast = forecaster.forecast(records)
                np.testing.assert_allclose(forecast.quantiles, case.quantiles, atol=vector.tolerance)


def test_the_vector_of_a_model_of_eight_features_says_nothing_of_others(tmp_path: Path) -> None:
    for _, path in _vectors(tmp_path):
        text = path.read_text("utf-8")
        assert "extra" not in text
        written = ReferenceVector.model_validate_json(text).model_dump_json(exclude_defaults=True) + "\n"
        assert written == text, "bit for bit"


def test_a_test_vector_has_every_kind_of_feature(tmp_path: Path) -> None:
    for _, path in _vectors(tmp_path):
        vector = ReferenceVector.model_validate_json(path.read_text())
        gaps = next(case for case in vector.cases if case.name == "gaps")
        window = np.array(gaps.input, dtype=float)
        assert (window[:, 7] == 1).any(), "a reading carried forward"
        assert window[0, 7] == 1, "from before the lookback"
        assert (window[:, 6] == 1).any(), "a clipped reading"
        assert np.isnan(window[:, 3]).any(), "an unknown bolus"
        assert np.isfinite(window[0, 2]), "a basal rate from before the lookback"
