"""A made-up headline of good results."""

from bloodtwin_core.reporting.html.headline import Ahead, Bands, Headline, Warnings, Where

GOOD = Headline(
    windows=12_600,
    days=70,
    pumps=20,
    unseen_people=20,
    ahead=(
        Ahead(
            30,
            12.4,
            16.0,
            {"ridge": 14.0},
            (0.76, 0.79),
            near=0.9,
            harmless=0.997,
            unseen=0.004,
            persistence_unseen=0.009,
        ),
        Ahead(
            60,
            19.4,
            26.1,
            {"ridge": 23.0},
            (0.73, 0.76),
            near=0.75,
            harmless=0.985,
            unseen=0.021,
            persistence_unseen=0.04,
        ),
    ),
    worst=(Where("where glucose comes to lie over 250 mg/dL", 41.2, 39.3), Where("for pump 9", 25.0, 31.0)),
    low_bias=21.4,
    lows=Warnings("low", "under 70 mg/dL", 400, 20, 0.95, (0.92, 0.97), 0.4, 20.0),
    bands=Bands(0.79, 0.81),
)
