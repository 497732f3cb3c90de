"""Whatever stands in a site's documents, reading them ends with events, or with words."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.sources.nightscout.reading import events_of_documents
from tests.core.sources.nightscout.documents import FLAT, brought, reading, status, told, treatment

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(
        ["", "1,5", "percent", "square", "150%", "Lantus", "PumpSuspend", "[]", "{}", "2024-05-01T12:00:00Z"]
    )
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["amount", "id", "basal", "temp"]), inner)
    ),
    max_leaves=4,
)
GOOD: list[dict[str, Any]] = [
    treatment(0, "Temp Basal", duration=60, percent=30, rate=30, raw_rate={"temp": "percent", "rate": 30}),
    treatment(5, "Combo Bolus", enteredinsulin=5, splitNow=40, splitExt=60, duration=60, relative=3),
    treatment(10, "Meal Bolus", insulin=3, square={"amount": 2, "duration": 60}, bolus={"amount": 1, "id": "a"}),
    treatment(15, "<none>", insulin=30, insulinInjections="[]", notes="Lantus", insulinType="Fiasp"),
    treatment(
        20, "Profile Switch", profile="Day", percentage=150, timeshift=2, duration=60, profileJson=brought((0, 1))
    ),
    treatment(25, "Note", notes="PumpSuspend", originalPercentage=100, profileJson=brought((0, 1)), originalEnd=1),
    treatment(30, "OpenAPS Offline", mode="DISCONNECTED_PUMP", durationInMilliseconds=60_000),
    treatment(35, "Bolus", insulin=1, pumpId=3, srvModified=5, utcOffset=60, app="AAPS", date=1714564800000),
]
FIELDS = sorted({name for document in [*GOOD, reading(0), status(0), FLAT] for name in document})


CHANGED = st.tuples(st.sampled_from(GOOD), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3))


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(CHANGED, max_size=4))
def test_documents_that_were_mutated_are_read_or_refused_in_words(mutated: list[tuple[dict[str, Any], Any]]) -> None:
    treatments = [{**document, **changes} for document, changes in mutated]
    pairs = zip((reading(0), status(0), FLAT), mutated, strict=False)
    others = [{**document, **changes} for document, (_, changes) in pairs]
    entries, statuses, profiles = ([*others[place : place + 1]] for place in range(3))
    with suppress(BloodTwinError):
        events_of_documents("p", [reading(-5), reading(60), *entries], treatments, [FLAT, *profiles], statuses)


def test_times_beyond_reason_are_counted_and_cost_nothing() -> None:
    odd = [treatment(n, "Temp Basal", str(n), absolute=1, duration=30) for n in range(3)]
    for document, time in zip(
        odd, ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "1970-01-01T00:00:00Z"), strict=True
    ):
        document["created_at"] = time
    pump = told(*odd)
    assert pump.repairs.sentences() == ["events before 2020 or in the future, refused: 3"]
    assert pump.basal.rate.max() == pytest.approx(1.0)
