"""Whether yesterday's live forecasts were what the batch gives on the same day."""

import time
from pathlib import Path

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.metadata import numbers
from bloodtwin_assets.live.assets import latest_forecasts
from bloodtwin_assets.resources import SettingsResource
from bloodtwin_core.service.model import loaded, model_file
from bloodtwin_core.service.nightly import JUDGED_MINUTES, Night, night_of
from bloodtwin_core.service.store import Store
from bloodtwin_core.service.store.database import FILE

DAY_SECONDS = 24 * 3600
ADVICE = (
    "Look at how late readings and insulin came (GET /v1/wearers/NAME/past-forecasts), and whether clocks are right. "
    "If everything came in time, live forecasts are not what was tested: report it"
)


@dg.asset_check(asset=latest_forecasts, name="live_agrees_with_batch")
@failing_in_words
def live_agrees_with_batch(settings: SettingsResource) -> dg.AssetCheckResult:
    """Yesterday's forecasts of the live service err as those that the batch makes of the same day afterwards.

    Their MAE differs by less than `service.night_tolerance`. What came late or was corrected later makes them differ.
    """
    service = settings.service
    if not (Path(service.store) / FILE).exists():
        return dg.AssetCheckResult(passed=True, description=f"There is no live service's store in {service.store}")
    today = int(time.time()) // DAY_SECONDS * DAY_SECONDS
    store = Store(Path(service.store), survives_power_cut=service.survives_power_cut)
    try:
        night = night_of(store, loaded(model_file(service.model_path)), today - DAY_SECONDS, today - 1)
    finally:
        store.close()
    return _result(night, service.night_tolerance)


def _result(night: Night, tolerance: float) -> dg.AssetCheckResult:
    if not night.compared:
        told = f"No live forecast of yesterday can be compared; {night.other_model} are of another model"
        return dg.AssetCheckResult(passed=True, description=told)
    agrees = night.apart < tolerance
    maes = {
        f"MAE {minutes} min, {who} (mg/dL)": value
        for who, values in (("live", night.live), ("batch", night.batch))
        for minutes, value in zip(JUDGED_MINUTES, values, strict=True)
    }
    page: dict[str, str | float | int] = {
        "compared": night.compared,
        **numbers(maes),
        **numbers({"largest difference of two forecasts (mg/dL)": night.largest}),
        "of another model": night.other_model,
    }
    if not agrees:
        page["what to do"] = ADVICE
    told = f"The MAE of {night.compared} forecasts differs by {night.apart:.2g} mg/dL; below {tolerance:g} agrees"
    return dg.AssetCheckResult(passed=agrees, description=told, metadata=page)
