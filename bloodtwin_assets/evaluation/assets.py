"""How good the forecaster is, beside baselines on the same windows, and what that means."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.common.run_log import progress_in
from bloodtwin_assets.data.assets import windowed_tensors
from bloodtwin_assets.evaluation.alarm_pages import alarms_page
from bloodtwin_assets.evaluation.pages import report_metadata, results_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.training.assets import trained_checkpoint
from bloodtwin_core.records.glucose_units import GlucoseUnit


@dg.asset(group_name="evaluation", kinds={"yaml"}, deps=[trained_checkpoint, windowed_tensors])
@failing_in_words
def test_results(
    context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> dg.MaterializeResult[None]:
    """Errors of the forecaster on the *test* splits, which neither training nor choosing has seen.

    Beside each figure stand those of persistence (the last reading stays), of a ridge regression and of Nightscout's
    AR2 on the same windows. **AT 30** is the error 30 minutes ahead alone, **MEAN 30** that of all steps up to 30
    minutes together. **Skill** is the error divided by persistence's: below 1 is better. Intervals hold 95 %; an
    interval of a skill that holds 1 shows no difference. `test_results.yaml` holds everything on *complete* and on
    *available* windows: every step, pooled and per pump, by glucose range, time of day, bolus and gap; how sure
    forecasts are; error grids and alarms. `test_forecasts/` keeps what was forecast. docs/evaluation.md says what each
    figure means.
    """
    from bloodtwin_core.pipeline.evaluation import ERROR_BY_HORIZON, FORECASTS_OVER_A_DAY, evaluation_stage

    store = artifacts.store(settings)
    results = evaluation_stage(store, settings.plain(), progress_in(context, "Windows tested"), context.log.info)
    unit = GlucoseUnit(settings.evaluation.unit)
    for target in results.targets:
        context.log.info("%s: %s", target.name, target.told(unit))
    pictures = {name: store.picture(name).read_bytes() for name in (FORECASTS_OVER_A_DAY, ERROR_BY_HORIZON)}
    version = store.version_of("test_results")
    return dg.MaterializeResult(
        metadata=page_of(settings, results_page(results, pictures, unit)), data_version=dg.DataVersion(version)
    )


@dg.asset(group_name="evaluation", kinds={"json"}, deps=[trained_checkpoint, windowed_tensors])
@failing_in_words
def alarm_levels(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """How likely a low or a high has to be before the service speaks of it: `alarms.json`.

    The level of each alarm is the one that announces most events of the *validation* days with no more false alarms a
    day than `evaluation.false_alarms_a_day`; a pump of 20 events or more has a level of its own. Where there are fewer
    in all, the level of the base model stays. docs/alarms.md says what alarms are worth.
    """
    from bloodtwin_core.pipeline.alarms import alarm_stage

    store = artifacts.store(settings)
    levels = alarm_stage(store, settings.plain())
    page = alarms_page(levels, store.alarms, GlucoseUnit(settings.evaluation.unit))
    version = store.version_of("alarm_levels")
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=dg.DataVersion(version))


@dg.asset(group_name="evaluation", kinds={"html"}, deps=[test_results, windowed_tensors])
@failing_in_words
def evaluation_report(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """How far one may trust the forecaster, and where it fails: `report.html`, one file that any browser shows.

    It opens with a paragraph in plain words. Then come errors by horizon, error grids, alarms for lows and highs,
    calibration, errors by glucose range and time of day, the best, the median and the worst day, and a row per pump.
    Nothing is forecast for it anew: it is made from what `test_results` left.
    """
    from bloodtwin_core.pipeline.reporting import report_stage
    from bloodtwin_core.reporting.html import telling_pictures

    store = artifacts.store(settings)
    page = report_stage(store, settings.plain())
    pictures = {name: store.picture(name).read_bytes() for name in telling_pictures(page)}
    version = store.version_of("evaluation_report")
    return dg.MaterializeResult(
        metadata=page_of(settings, report_metadata(page, store.report, pictures)),
        data_version=dg.DataVersion(version),
    )
