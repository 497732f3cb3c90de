"""Whose data a model was trained on: title, authors, licence and reference of each published source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CC_BY = "Licence [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"


@dataclass(frozen=True)
class DataNotice:
    """What the licence of a data set asks to be said, and what a reader should know of it."""

    title: str
    authors: str
    licence: str
    references: tuple[str, ...]
    people: str
    known: str

    @property
    def text(self) -> str:
        """The notice as one Markdown list item."""
        return (
            f"- **{self.title}**, {self.authors}. {self.licence}. {', '.join(self.references)}. "
            f"{self.people} {self.known} The records were put on a five-minute grid and split in time; nothing of the "
            "data itself is in this package."
        )


NOTICES: dict[str, DataNotice] = {
    "azt1d": DataNotice(
        title="AZT1D: A Real-World Dataset for Type 1 Diabetes",
        authors="S. Khamesian, A. Arefeen, B. M. Thompson, M. A. Grando, H. Ghasemzadeh",
        licence=CC_BY,
        references=("[doi:10.17632/gk9m674wcx.1](https://doi.org/10.17632/gk9m674wcx.1)", "arXiv:2506.14789"),
        people="Adults with type 1 diabetes, all on Tandem t:slim X2 pumps with Control-IQ.",
        known="Glucose, basal rate and bolus.",
    ),
    "brist1d": DataNotice(
        title="BrisT1D-Open",
        authors="S. G. James, M. Armstrong, A. O'Kane, H. Emerson, Z. Abdallah",
        licence=CC_BY,
        references=(
            "[doi:10.5523/bris.33z5jc8fa6tob21ptrugzqog08](https://doi.org/10.5523/bris.33z5jc8fa6tob21ptrugzqog08)",
            "arXiv:2507.17757",
        ),
        people="Young adults with type 1 diabetes and Dexcom sensors.",
        known="Glucose alone; their insulin is treated as unknown, not as none.",
    ),
    "t1d_uom": DataNotice(
        title="T1D-UOM",
        authors="University of Manchester",
        licence=CC_BY,
        references=(
            "[doi:10.5281/zenodo.15806142](https://doi.org/10.5281/zenodo.15806142)",
            "doi:10.1038/s41597-025-05695-1",
        ),
        people="People with type 1 diabetes in Manchester.",
        known="Glucose, basal rate and bolus.",
    ),
    "simulator": DataNotice(
        title="Virtual wearers",
        authors="bloodTwin's own simulator",
        licence="no person's data",
        references=("docs/simulator.md",),
        people="They are nobody; figures on them say nothing about people.",
        known="Glucose, basal rate and bolus.",
    ),
}


def sources_of(data: Mapping[str, Any]) -> list[str]:
    """Every source that the settings of data name, the first one first."""
    return list(dict.fromkeys(_named(data)))


def _named(settings: Any) -> Iterator[str]:
    if isinstance(settings, Mapping):
        if isinstance(settings.get("source"), str):
            yield settings["source"]
        for value in settings.values():
            yield from _named(value)
    elif isinstance(settings, list):
        for value in settings:
            yield from _named(value)


def notice_text(source: str) -> str:
    """What to say of a source; people's own data is named as such."""
    if source in NOTICES:
        return NOTICES[source].text
    return f"- **{source}**: not a published data set. Ship a model only if those whose data it is agree."
