"""Two pumps of one wearer, in succession or overlapping."""

from dataclasses import replace

import numpy as np
import pytest

from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.wearers import by_wearer, joined
from bloodtwin_core.records import Feature
from tests.core.events.hand_made import at, by_minute, records_of


def pump_from(
    pump_id: str, start: int, stop: int, rate: float, bolus: tuple[tuple[float, float], ...] = ()
) -> PumpEvents:
    """A pump that tells its rate every five minutes from start up to stop, with a sensor of its own."""
    when = np.arange(start, stop, 5.0)
    return PumpEvents(
        pump_id,
        GlucoseEvents.of(at(when), 100.0 + np.arange(len(when)) % 7),
        BasalEvents.of(at(when), np.full(len(when), rate)),
        BolusEvents.of(at([event[0] for event in bolus]), [event[1] for event in bolus]),
    )


def basal_of(*pumps: PumpEvents) -> dict[int, float]:
    records, _ = records_of(joined("anna", pumps))
    return by_minute(records, Feature.basal_rate)


def test_pumps_in_succession_make_one_history() -> None:
    events = joined("anna", [pump_from("2", 300, 600, 2.0), pump_from("1", 0, 300, 1.0)])
    assert events.pump_id == "anna"
    records, repairs = records_of(events)
    basal = by_minute(records, Feature.basal_rate)
    assert all(basal[minute] == 1.0 for minute in range(5, 301, 5))
    assert all(basal[minute] == 2.0 for minute in range(305, 600, 5))
    assert not repairs


def test_where_pumps_overlap_the_newer_one_gives_the_insulin() -> None:
    old = pump_from("1", 0, 400, 1.0, ((100.0, 3.0), (350.0, 4.0)))
    new = pump_from("2", 300, 600, 2.0, ((350.0, 5.0),))
    records, repairs = records_of(joined("anna", [old, new]))
    basal, bolus = by_minute(records, Feature.basal_rate), by_minute(records, Feature.bolus_dose)
    assert {basal[minute] for minute in range(5, 301, 5)} == {1.0}
    assert {basal[minute] for minute in range(305, 600, 5)} == {2.0}
    assert bolus[100] == 3.0
    assert bolus[350] == 5.0
    assert repairs[RepairKind.other_pump_events] == 20 + 1
    assert repairs[RepairKind.other_pump_bolus_units] == 4.0


def test_after_a_pump_on_loan_the_older_one_goes_on_with_its_rate() -> None:
    old = PumpEvents("1", pump_from("1", 0, 900, 0).glucose, BasalEvents.of(at([0, 400, 880]), [1.0, 1.5, 1.5]))
    loan = pump_from("2", 300, 600, 2.0)
    basal = basal_of(old, PumpEvents("2", basal=loan.basal))
    assert basal[300] == 1.0
    assert basal[305] == basal[595] == 2.0
    assert basal[605] == 1.5, "told by the older pump while it was not worn"


def test_a_new_pump_that_has_not_told_its_rate_does_not_deliver_the_old_ones() -> None:
    new = PumpEvents("2", basal=BasalEvents.of(at([360]), [2.0]), bolus=BolusEvents.of(at([300]), [1.0]))
    basal = basal_of(pump_from("1", 0, 500, 1.0), new)
    assert basal[300] == 1.0
    assert np.isnan([basal[minute] for minute in range(305, 361, 5)]).all()
    assert basal[365] == pytest.approx(1.0, abs=0.01), "the new pump was not heard again, so the old one goes on"


def test_the_sensor_that_both_pumps_logged_is_taken_once() -> None:
    one, two = pump_from("1", 0, 300, 1.0), pump_from("2", 0, 300, 1.0)
    assert len(joined("anna", [one, two]).glucose) == len(one.glucose)


def test_only_the_pumps_of_a_wearer_are_joined() -> None:
    pumps = [pump_from(name, 0, 60, 1.0) for name in ("1", "2", "3")]
    together = list(by_wearer(pumps, {"anna": ["1", "3"], "nobody": ["9"]}))
    assert [events.pump_id for events in together] == ["2", "anna"]
    assert together[0] is pumps[1]


@pytest.mark.parametrize("pumps", [[PumpEvents.empty("1")], [PumpEvents.empty("1"), PumpEvents.empty("2")]])
def test_pumps_without_events_join_to_none(pumps: list[PumpEvents]) -> None:
    assert len(joined("anna", pumps)) == 0


def test_what_the_old_pump_did_not_record_is_no_matter_while_the_new_one_is_worn() -> None:
    old = replace(pump_from("1", 0, 400, 1.0), insulin_unknown=at([100, 350]))
    records, _ = records_of(joined("anna", [old, pump_from("2", 300, 600, 2.0)]))
    bolus = by_minute(records, Feature.bolus_dose)
    assert [minute for minute, dose in bolus.items() if np.isnan(dose)] == [100]
