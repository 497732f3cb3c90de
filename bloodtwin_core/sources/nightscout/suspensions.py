"""Suspensions of the pump, as a treatment of its own, as a note, or as an app that is offline.

- Care Portal, Loop before 2021 (NightscoutUploadKit PumpSuspendTreatment): `Suspend Pump`, `Resume Pump`.
- Loop since: a temporary rate with the reason `suspend` (NightscoutServiceKit DoseEntry.swift).
- oref0 (mm-format-ns-treatments): a Note, `PumpSuspend 554`, `PumpResume 554`, with _type.
- Trio and iAPS (PumpHistoryStorage.swift): a Note, `PumpSuspend`, `PumpResume`.
- tconnectsync (parser/nightscout.py): `Basal Suspension`, `Basal Resume`.
- 600SeriesAndroidUploader (its alarm messages): `Suspend On Low`, `Suspend Before Low`, `Basal Delivery Resumed`.
- AAPS 3 (TreatmentMapper.kt, RunningModeExtension.kt): `OpenAPS Offline` with a reason or mode.
"""

import re
from functools import lru_cache

from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.treatment import Treatment
from bloodtwin_core.sources.nightscout.values import words
from bloodtwin_core.sources.row import Row

_SUSPENDED = re.compile(
    r"(?:pump|basal|insulin|low|lowglucose)?(?:delivery)?suspen(?:d|ded|sion)(?:pump|basal|insulin|delivery|(?:on|before)low)?"
    r"|(?:pump|insulin|basal)?(?:delivery)?stopped|stoppump"
)
_RESUMED = re.compile(
    r"(?:pump|basal|insulin)?(?:delivery)?resum(?:e|ed|ption)(?:pump|basal|insulin|delivery)?"
    r"|(?:pump|insulin|basal)?(?:delivery)?(?:re)?started|startpump"
)
_NOTES = frozenset(("note", "notes", "<none>", "", "announcement", "alarm"))
_SUSPENDING_NOTE = re.compile(
    r"(pump ?suspend(ed)?|suspend(ed)? ?pump|suspend (before|on) low|(insulin |basal )?delivery (suspended|stopped)"
    r"|(insulin|basal|pump) suspended|pump stopped)\b"
)
_RESUMING_NOTE = re.compile(
    r"(pump ?resumed?|resumed? ?pump|(insulin |basal )?delivery (resumed|restarted)|(insulin|basal|pump) resumed"
    r"|pump (re)?started)\b"
)
_OFFLINE = "openapsoffline"
_OFFLINE_WITHOUT_INSULIN = frozenset(("disconnect_pump", "disconnected_pump", "suspended_by_pump"))


def suspension_row(treatment: Treatment) -> Row | None:
    """A row if the treatment suspends or resumes the pump."""
    if _SUSPENDED.fullmatch(treatment.what):
        return treatment.row(SiteKind.suspended, minutes=treatment.minutes)
    if _RESUMED.fullmatch(treatment.what):
        return treatment.row(SiteKind.resumed)
    if treatment.what == _OFFLINE:
        return _offline(treatment)
    if treatment.what in _NOTES:
        for field in ("_type", "notes"):
            stated = treatment.document.get(field)
            kind = _noted(stated) if isinstance(stated, str) else None
            if kind is not None:
                return treatment.row(kind)
    return None


@lru_cache(maxsize=4096)
def _noted(note: str) -> SiteKind | None:
    text = " ".join(note.split()).casefold()
    if _SUSPENDING_NOTE.match(text):
        return SiteKind.suspended
    return SiteKind.resumed if _RESUMING_NOTE.match(text) else None


def _offline(treatment: Treatment) -> Row | None:
    """Not every app that is offline stops the pump: the loop alone may be suspended, and the profile goes on."""
    if {words(treatment.document, "mode"), words(treatment.document, "reason")} & _OFFLINE_WITHOUT_INSULIN:
        return treatment.row(SiteKind.suspended, minutes=treatment.minutes)
    return treatment.row(SiteKind.resumed) if words(treatment.document, "mode") else None
