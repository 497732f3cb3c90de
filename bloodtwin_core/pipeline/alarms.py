"""The stage alarm_levels: how likely a low or a high has to be before it is spoken of, chosen on validation days."""

from bloodtwin_core.common.files import atomic_write, sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.evaluation.clinical.alarm_levels import ChosenLevel, alarm_levels, rules_chosen
from bloodtwin_core.evaluation.forecasts import join
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.testing import forecast_batches
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.upstream import current_checkpoint, windows_read
from bloodtwin_core.records import Split
from bloodtwin_core.serving.alarm_rules import AlarmRules
from bloodtwin_core.training.compute import choose_compute, testing_threads


@owning
def alarm_stage(store: ArtifactStore, settings: Settings) -> list[ChosenLevel]:
    """Forecast the validation windows, leave alarms.json and its record, and return what was chosen.

    A network without quantiles, or without a validation window, leaves the usual rules and returns nothing. Raises
    ArtifactMissing or CheckpointMismatch if windows or checkpoint are not there or were made with other settings.
    """
    windows, index = windows_read(store, settings)
    checkpoint = current_checkpoint(store, settings.model, index)
    levels: list[ChosenLevel] = []
    if checkpoint.model.quantiles and len(windows.origins[Split.validate]):
        compute = choose_compute(settings.training, settings.model.cell)
        with torch_threads(testing_threads(settings.training)):
            method = method_for(checkpoint.forecaster, windows, settings.evaluation, compute.device.value)
            forecast = forecast_batches(windows, method.forecast, {}, settings.evaluation, split=Split.validate)
            levels = alarm_levels(join(list(forecast)), settings.evaluation.false_alarms_a_day)
    chosen = rules_chosen(levels) if levels else AlarmRules()
    rules = chosen.model_copy(update={"checkpoint_sha256": checkpoint.sha256})
    with atomic_write(store.alarms) as path:
        path.write_text(rules.model_dump_json(indent=2) + "\n", "utf-8")
    store.record("alarm_levels", [store.alarms], sha256_of(store.alarms), settings.used("data", "model", "evaluation"))
    return levels
