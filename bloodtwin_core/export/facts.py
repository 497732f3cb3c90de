"""The facts about a checkpoint that its exports carry, and the states that its streaming export has."""

from bloodtwin_core.network.cell import CELLS
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.network.past import past_unknown, reads_past
from bloodtwin_core.records import PAST_FEATURES, RECORD_MINUTES, feature_row, units_of
from bloodtwin_core.serving.facts import BATCH, PAST, SEEN, ExportFacts


def facts_of(checkpoint: Checkpoint) -> ExportFacts:
    """The facts about a checkpoint that all its exports carry, and all of model.ts, which is never told of a past."""
    checkpoint = past_unknown(checkpoint)
    units = units_of(checkpoint.forecaster.features)
    return ExportFacts(
        **dict(checkpoint.rules),
        model_name=checkpoint.model.name,
        model_version=checkpoint.version,
        checkpoint_sha256=checkpoint.sha256,
        data_fingerprint=checkpoint.data_fingerprint,
        lookback=checkpoint.lookback,
        horizon=checkpoint.horizon,
        record_minutes=RECORD_MINUTES,
        feature_units=units,
        feature_centre=dict(zip(units, checkpoint.forecaster.centre.tolist(), strict=True)),
        output_unit="mg/dL",
        members=len(checkpoint.forecaster.each_member),
        quantile_levels=QUANTILE_LEVELS,
        may_be_nan=tuple(name for name in units if feature_row(name).stays_unknown),
    )


def onnx_facts(checkpoint: Checkpoint) -> ExportFacts:
    """Those of model.onnx, which may be told what the past says of the wearer."""
    past = units_of(PAST_FEATURES) if reads_past(checkpoint.forecaster) else {}
    return facts_of(checkpoint).model_copy(update={"wearer_past": past})


def streaming_facts(checkpoint: Checkpoint) -> ExportFacts:
    """Those of model_streaming.onnx, which carries states besides."""
    return onnx_facts(checkpoint).model_copy(update={"states": state_shapes(checkpoint)})


def int8_facts(checkpoint: Checkpoint) -> ExportFacts:
    """Those of model_int8.onnx."""
    return facts_of(checkpoint).model_copy(update={"weights": "int8"})


def state_shapes(checkpoint: Checkpoint) -> dict[str, tuple[int | str, ...]]:
    """Shape of each state that the network carries from record to record, by its name, batch second.

    `hidden`, and `cell` of an LSTM: [member * num_layers, batch, hidden]. With attention also `past`
    [member * lookback, batch, hidden] and `seen` [1, batch, 1].
    """
    model, members = checkpoint.model, len(checkpoint.forecaster.each_member)
    shapes: dict[str, tuple[int | str, ...]] = dict.fromkeys(
        CELLS[model.cell].states, (members * model.num_layers, BATCH, model.hidden_size)
    )
    if model.attention:
        shapes |= {PAST: (members * checkpoint.lookback, BATCH, model.hidden_size), SEEN: (1, BATCH, 1)}
    return shapes
