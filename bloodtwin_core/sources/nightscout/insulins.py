"""What kind of insulin a name means: people write down long-acting insulin in the same place as boluses.

Names as in xDrip+ (its insulin profiles), Loop (InsulinType.brandName), AAPS (iCfg.insulinLabel) and Care Portal notes.
"""

import re
from enum import StrEnum
from functools import lru_cache


class Insulin(StrEnum):
    """How an insulin acts."""

    rapid = "rapid"
    long_acting = "long-acting"
    premixed = "premixed"
    unknown = "unknown"


_PREMIXED = re.compile(
    r"mix|ryzodeg|soliqua|suliqua|xultophy|comb\s*\d|\b(?:25|30|50|70|75)\s*/\s*(?:25|30|50|70|75)\b|profil iii"
)
_LONG_BRANDS = re.compile(
    r"lantus|toujeo|levemir|tresiba|basaglar|abasaglar|abasria|semglee|rezvoglar|lusduna|glargin|degludec|detemir"
    r"|icodec|awiqli|insulatard|protaphane?|\bnph\b|isophane|humulin\s*[ni]\b|novolin\s*n\b|gensulin\s*n\b"
    r"|huminsulin\s*basal|insuman\s*basal|berlinsulin\s*h?\s*basal|humalog\s*basal|ultralente|\blente\b|basalog|basalin"
)
_RAPID_BRANDS = re.compile(
    r"novo\s*rapid|novo\s*log|fiasp|humalog|lyumjev|apidra|admelog|liprolog|trurapi|kirsty|merilog|truvelog|inpremzia"
    r"|aspart|lispro|glulisine|actrapid|insuman\s*rapid|humulin\s*[rs]\b|novolin\s*r\b|afrezza|gensulin\s*r\b"
)
_LONG_WORDS = re.compile(r"\bbasal|long[\s-]*acting|\blong\b|\bslow\b|langzeit|lenta\b|lente\b|langsam|basale?\b")
_RAPID_WORDS = re.compile(r"bolus|rapid|fast|short|regular|pump|quick|schnell|ultra")
_SHORT_NOTE = 5
"""Words. A longer note tells a story, in which an insulin may be named without having been given."""
_PRIMING_NOTE = re.compile(
    r"\W*(?:prim(?:e|ed|ing)|air\s*shot|safety\s*(?:test|shot)|fill(?:ed|ing)?\s*\w*)\W*[\d.,]*\W*u?\W*"
)


_LONG_NOTE = re.compile(
    r"basal|bazal|basale|long|acting|langzeit|langwirksam|langsam|slow|lente|lenta|lent|nacht|verz[oö]gerungs?"
    r"|background|night(?:time)?|depot|tardive|retard"
)
_NEUTRAL_NOTE = re.compile(
    r"insulin|insuline|insulina|insulin|dose|dosis|injection|inject|injektion|shot|evening|morning|abends?|morgens?|am|pm"
    r"|units?|u|iu|ie|ui|ed|my|the|of|\d+(?:[.,]\d+)?(?:u|iu|ie)?"
)


@lru_cache(maxsize=1024)
def insulin_named(name: str) -> Insulin:
    """How the insulin of this name acts. Brands count before words such as basal or rapid."""
    text = name.casefold()
    for pattern, kind in (
        (_PREMIXED, Insulin.premixed),
        (_LONG_BRANDS, Insulin.long_acting),
        (_RAPID_BRANDS, Insulin.rapid),
        (_LONG_WORDS, Insulin.long_acting),
        (_RAPID_WORDS, Insulin.rapid),
    ):
        if pattern.search(text):
            return kind
    return Insulin.unknown


@lru_cache(maxsize=4096)
def insulin_noted(note: str) -> Insulin:
    """The insulin that a short note names by its brand, such as `Lantus 20 U`, or as nothing but long-acting, such as
    `basal 20`; unknown if it names none or several.
    """
    text = note.casefold()
    if len(text.split()) > _SHORT_NOTE:
        return Insulin.unknown
    named = [
        kind
        for pattern, kind in (
            (_PREMIXED, Insulin.premixed),
            (_LONG_BRANDS, Insulin.long_acting),
            (_RAPID_BRANDS, Insulin.rapid),
        )
        if pattern.search(text)
    ]
    if not named and _only_long_acting(text):
        return Insulin.long_acting
    return named[0] if len(named) == 1 else Insulin.unknown


def _only_long_acting(text: str) -> bool:
    """Whether a note in small letters holds no word but such as mean long-acting insulin, and amounts."""
    words = [word for word in re.split(r"[\s\-/:;,()]+", re.sub(r"insuline?a?\b", " insulin ", text)) if word]
    told = [_NEUTRAL_NOTE.fullmatch(word) is None for word in words]
    long = [_LONG_NOTE.fullmatch(word) is not None for word in words]
    return any(long) and all(acts or not says for acts, says in zip(long, told, strict=True))


@lru_cache(maxsize=4096)
def is_priming_note(note: str) -> bool:
    """Whether a note says nothing but that a needle, cannula or tube was filled."""
    return _PRIMING_NOTE.fullmatch(note.casefold()) is not None
