"""The controllers that come with bloodTwin, by name."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.control.controller import Controller
from bloodtwin_core.control.controllers.control_iq import ControlIQ
from bloodtwin_core.control.controllers.predictive import Predictive
from bloodtwin_core.control.controllers.process import ProcessController, oref0
from bloodtwin_core.control.controllers.profile import Profile
from bloodtwin_core.control.controllers.suspension import basal_iq, quantile_suspension
from bloodtwin_core.control.limits import Limited


@dataclass(frozen=True)
class ControllerKind:
    """A controller that can be named: what it is, and how a fresh one for one pump is made."""

    about: str
    fresh: Callable[[], Controller]


CONTROLLERS: Mapping[str, ControllerKind] = {
    "profile": ControllerKind("the pump's own profile", Profile),
    "control-iq": ControllerKind("Control-IQ as far as it is published", ControlIQ),
    "predictive": ControllerKind("model-predictive control over what insulin would do", lambda: Limited(Predictive())),
    "basal-iq": ControllerKind("suspension by Basal-IQ's published rule", basal_iq),
    "quantile": ControllerKind("suspension by a quantile of the forecast", lambda: Limited(quantile_suspension())),
    "oref0": ControllerKind("oref0's determine-basal, by node", oref0),
}
LIMITED = "-limited"
"""Behind a controller's name: the same inside the limits."""


def controller_kind(name: str, commands: Mapping[str, str] | None = None) -> ControllerKind:
    """The kind of this name, or, with LIMITED behind it, the same inside the limits.

    commands: processes of the user's own, by name. Raises SettingsError for an unknown name, naming those there are.
    """
    own = {given: _process(command) for given, command in (commands or {}).items()}
    known = {**CONTROLLERS, **own}
    if name in known:
        return known[name]
    if (inner := known.get(name.removesuffix(LIMITED))) is not None:
        return ControllerKind(f"{inner.about}, inside the limits", lambda: Limited(inner.fresh()))
    raise SettingsError(f"'{name}' is no controller. There are {', '.join(known)}, each also as NAME{LIMITED}")


def _process(command: str) -> ControllerKind:
    return ControllerKind(command, lambda: ProcessController(shlex.split(command)))
