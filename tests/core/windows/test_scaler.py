"""The scaler is fitted on what is known and never divides by zero."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import ArtifactMissing, DataError
from bloodtwin_core.records import Feature
from bloodtwin_core.windows.scaler import fit_scaler, read_scaler
from tests.core.tiny import tiny_records


def test_centre_and_scale_are_median_and_interquartile_range_of_measured_values() -> None:
    records = tiny_records(missing=0.1)
    scaler = fit_scaler([records])
    glucose = records.feature(Feature.bg).astype(np.float64)
    low, middle, high = np.nanpercentile(glucose, [25, 50, 75])
    assert scaler.centres["bg"] == pytest.approx(middle)
    assert scaler.scale[Feature.bg.column] == pytest.approx(high - low)


@pytest.mark.parametrize("feature", [Feature.basal_rate, Feature.bolus_dose, Feature.bg])
def test_a_constant_feature_keeps_its_unit(feature: Feature) -> None:
    records = tiny_records()
    records.values[:, feature.column] = 5.0
    scaler = fit_scaler([records])
    assert scaler.scale[feature.column] == 1.0
    assert np.isfinite(scaler.as_sklearn().transform(np.nan_to_num(records.values))).all()


def test_a_feature_that_is_never_known_does_no_harm() -> None:
    records = tiny_records()
    records.values[:, Feature.basal_rate.column] = np.nan
    scaler = fit_scaler([records])
    assert scaler.centres["basal_rate"] == 0.0
    assert scaler.scale[Feature.basal_rate.column] == 1.0


def test_both_files_hold_the_same_scaler(tmp_path: Path) -> None:
    scaler = fit_scaler([tiny_records()])
    scaler.write(tmp_path / "scaler.json", tmp_path / "scaler.pkl")
    assert read_scaler(tmp_path / "scaler.json") == scaler
    as_sklearn = pickle.loads((tmp_path / "scaler.pkl").read_bytes())
    values = tiny_records(missing=0.0).values.astype(np.float64)[1:]
    expected = (values - scaler.centre) / scaler.scale
    np.testing.assert_allclose(as_sklearn.transform(values), expected)


def test_nothing_measured_is_an_error() -> None:
    records = tiny_records()
    records.values[:, Feature.bg.column] = np.nan
    with pytest.raises(DataError, match="no measured glucose"):
        fit_scaler([records])


def test_a_missing_or_damaged_file_says_what_to_materialize(tmp_path: Path) -> None:
    path = tmp_path / "scaler.json"
    with pytest.raises(ArtifactMissing, match="fitted_scaler"):
        read_scaler(path)
    path.write_text('{"features": []')
    with pytest.raises(ArtifactMissing, match=r"scaler\.json.*fitted_scaler"):
        read_scaler(path)
