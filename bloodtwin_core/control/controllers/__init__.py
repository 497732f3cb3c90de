"""The controllers that come with bloodTwin, by name."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.control.controller import Controller
from bloodtwin_core.control.controllers.control_iq import ControlIQ
from bloodtwin_core.control.controllers.policy import policy_at
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


@dataclass(frozen=True)
class OwnController:
    """A controller of the user's own: the command of a process (process.py), or where a policy stands (policy.py)."""

    process: str = ""
    policy: str = ""

    @property
    def kind(self) -> ControllerKind:
        """As those that come with bloodTwin."""
        if self.policy:
            return ControllerKind(f"the policy {self.policy}", lambda: policy_at(self.policy))
        return ControllerKind(self.process, lambda: ProcessController(shlex.split(self.process)))


def controller_kind(name: str, own: Mapping[str, OwnController] | None = None) -> ControllerKind:
    """The kind of this name, or, with LIMITED behind it, the same inside the limits.

    own: the user's, by name. Raises SettingsError for an unknown name, naming those there are.
    """
    known = {**CONTROLLERS, **{given: one.kind for given, one in (own or {}).items()}}
    if name in known:
        return known[name]
    if (inner := known.get(name.removesuffix(LIMITED))) is not None:
        return ControllerKind(f"{inner.about}, inside the limits", lambda: Limited(inner.fresh()))
    raise SettingsError(f"'{name}' is no controller. There are {', '.join(known)}, each also as NAME{LIMITED}")
