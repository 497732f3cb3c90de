"""What the model is, in sentences."""

from bloodtwin_core import __version__
from bloodtwin_core.service.model import ModelInUse

_HASH_SHOWN = 12


def model_words(model: ModelInUse, *, is_demonstration: bool) -> list[str]:
    """Name, what it is made of, what it takes, and whose it is."""
    used, facts = model.now, model.now.forecaster.facts
    networks = "one network" if facts.members == 1 else f"the mean of {facts.members} networks"
    hours = facts.lookback * facts.record_minutes / 60
    ahead = facts.horizon * facts.record_minutes
    said = [
        f"{facts.model_name} {facts.model_version}, {networks}. It forecasts {ahead} min from {hours:g} h of readings, "
        "insulin and the time of day; of meals and exercise it knows nothing before they show in the glucose.",
    ]
    if not model.model_path:
        said.append("It is the base model that comes with bloodTwin, and has not learnt from this wearer.")
    if is_demonstration:
        said.append("The wearer is simulated; the model learnt from people.")
    if model.trouble:
        said.append("A newer model file is not usable, so that this one stays in use.")
    said.append(f"bloodTwin {__version__}, model file {used.sha256[:_HASH_SHOWN]}.")
    return said
