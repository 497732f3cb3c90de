"""What the licence of a published data set asks to be said."""

from dataclasses import dataclass

CC_BY = "Licence [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"


@dataclass(frozen=True)
class LicenceNotice:
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
