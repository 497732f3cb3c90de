"""Our forecast as a devicestatus that Loop could have written, so that apps which draw Loop's curve draw ours."""

from datetime import timedelta
from typing import Any

from bloodtwin_core import __version__
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.service.engine import Made
from bloodtwin_core.service.moments import moment_of, stamp

DEVICE = "bloodtwin"


def devicestatus(made: Made) -> dict[str, Any] | None:
    """The document; None where there is no reading.

    predicted begins with the reading at its own time, and goes on every five minutes; without a forecast
    failureReason says why.
    """
    outlook = made.outlook
    if outlook.reading is None:
        return None
    begin = moment_of(outlook.reading.time)
    loop: dict[str, Any] = {"name": "bloodTwin", "version": __version__, "timestamp": stamp(moment_of(outlook.moment))}
    if outlook.forecast is None:
        loop["failureReason"] = " ".join(doubt.sentence for doubt in outlook.refusals)
    else:
        # What lies between the reading and the origin, where readings are missing, is a straight line.
        ahead = [round(float(value), 2) for value in outlook.forecast.glucose]
        missing = max(0, round((moment_of(outlook.forecast.origin) - begin) / timedelta(minutes=RECORD_MINUTES) - 0.5))
        step = (ahead[0] - outlook.reading.glucose) / (missing + 1)
        between = [round(outlook.reading.glucose + step * number, 2) for number in range(1, missing + 1)]
        loop["predicted"] = {"startDate": stamp(begin), "values": [outlook.reading.glucose, *between, *ahead]}
    created = loop["timestamp"]
    return {
        "_id": f"{DEVICE}-{int(begin.timestamp())}",
        "device": DEVICE,
        "created_at": created,
        "mills": int(moment_of(outlook.moment).timestamp() * 1000),
        "utcOffset": 0,
        "loop": loop,
    }
