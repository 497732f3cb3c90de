"""Damaged JSON and XML of four sources: refused in words, or read as the undamaged file says. Nothing crashes or hangs.

Where an entry stands on a line of its own, what is read of a damaged file is held against the undamaged one, line by
line: see device_exports/mutations.py.
"""

import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.sources.registry import source_named
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.source import EventSource
from tests.core.sources import test_apple_health as apple
from tests.core.sources import test_nightscout_dump as dump
from tests.core.sources import test_ohio_t1dm as ohio
from tests.core.sources import test_tidepool as tidepool
from tests.core.sources.device_exports.mutations import Damaged, damaged_whole, silently_other, vanished
from tests.core.sources.nightscout.documents import FLAT, treatment

MUTATIONS = 25
"""For each source in every run of the tests. 1,000 of each were tried when the readers were made."""
LONGEST_SECONDS = 10.0
DAMAGE = (
    "", "x", "-", "0", "9", "-7", "5,5", "1e308", "NaN", "Infinity", "null", "[]", "{}", "true",
    "99999999999", "\uff15",
    '"', "<", ">", "&", "/>", "</", "]]>", "<!--", "\\u0000", "\x00", "\ud800", "2024-02-30T00:00:00Z", "9999-12-31",
)  # fmt: skip
WORD = re.compile(r"(?<=\")[^\"<>]*(?=\")|(?<=: )[\d.]+")
SIGNIFICANT = '"<>/={}[],:'


@dataclass(frozen=True)
class Original:
    """A file of a source: its name, and what stands in it."""

    name: str
    text: str


DATA = [
    *tidepool.READINGS,
    tidepool.basal(0, 60, 0.9),
    tidepool.basal(60, 30, 0.0, "suspend"),
    tidepool.datum("bolus", 20, normal=4.0, extended=1.0, duration=1_800_000),
    tidepool.datum("insulin", 90, "pen", dose={"total": 3}, formulation={"simple": {"actingType": "rapid"}}),
    tidepool.datum("upload", 0, timezone="Europe/London"),
]
ORIGINALS = {
    "tidepool": Original("tidepool.json", json.dumps(DATA, indent=0)),
    "nightscout_dump": Original("treatments.json", json.dumps(dump.TREATMENTS * 3, indent=0)),
    "ohio_t1dm": Original("559-ws-training.xml", ohio.xml()),
    "apple_health": Original(
        "export.xml",
        apple.xml(*apple.READINGS, apple.insulin(0, 0.4, "1", 30), apple.insulin(40, 5, "2", 2), apple.glucose(250)),
    ),
}


SITE = [
    *dump.TREATMENTS,
    treatment(150, "Combo Bolus", enteredinsulin=5, splitNow=40, splitExt=60, duration=30),
    treatment(170, "Temp Basal", "per cent", percent=-50, duration=30),
    treatment(200, "Suspend Pump"),
    treatment(215, "Resume Pump"),
    treatment(220, "Profile Switch", profile="Day", percentage=150, duration=10),
]
LINES = {
    "tidepool": Original("tidepool.json", "\n".join(json.dumps(datum) for datum in DATA)),
    "nightscout_dump": Original("treatments.json", "\n".join(json.dumps(document) for document in SITE)),
    "entries": Original("entries.json", "\n".join(json.dumps(document) for document in dump.ENTRIES)),
    "ohio_t1dm": Original("559-ws-training.xml", re.sub("(</?[a-z_]+>|<event[^>]*/>)", r"\1\n", ohio.xml())),
    "apple_health": ORIGINALS["apple_health"],
}
"""The same with an entry on each line; entries are those of nightscout_dump."""


def damaged(original: str, rng: random.Random) -> str:
    """One to three spans replaced, a part doubled or taken out, or the end cut off."""
    kind = rng.choice(("span", "sign", "doubled", "left out", "cut"))
    text = original
    if kind == "cut":
        return text[: rng.randrange(len(text))]
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(text) + 1)
        stop = start + rng.randrange(1 if kind == "sign" else 30)
        replacement = {"doubled": text[start:stop] * 2, "left out": "", "sign": rng.choice(SIGNIFICANT)}
        text = text[:start] + replacement.get(kind, rng.choice(DAMAGE)) + text[stop:]
    return text


def damaged_lines(original: str, rng: random.Random) -> Damaged:
    """One to three lines with a word or a span replaced, a line doubled or taken out, or the end cut off."""
    lines = original.split("\n")
    kind = rng.choice(("word", "word", "word", "span", "doubled", "left out", "cut"))
    if (damage := damaged_whole(original, kind, rng)) is not None:
        return damage
    touched = {rng.randrange(len(lines)) for _ in range(rng.randint(1, 3))}
    for line in touched:
        text = lines[line]
        words = [match.span() for match in WORD.finditer(text)]
        start = rng.randrange(len(text) + 1)
        start, stop = rng.choice(words) if words and kind == "word" else (start, start + rng.randrange(8))
        lines[line] = text[:start] + rng.choice(DAMAGE) + text[stop:]
    return Damaged("\n".join(lines), frozenset(touched))


def tried(name: str, folder: Path, seeds: range) -> list[tuple[int, str]]:
    """The seeds whose damage is read otherwise than the original says, or takes too long, and how."""
    original, found = LINES[name].text, []

    def reader(text: str) -> PumpEvents | None:
        return read("nightscout_dump" if name == "entries" else name, folder, text, LINES[name].name)

    whole = reader(original)
    assert whole is not None
    for seed in seeds:
        change = damaged_lines(original, random.Random(f"{name} {seed}"))
        began = time.monotonic()
        other = silently_other(reader, original, whole, change)
        if not _says_other_fields(original, change):
            other = other or vanished(reader, original, whole, change)
        elif other.startswith("rate"):
            other = ""
        if other:
            found.append((seed, other))
        if (took := time.monotonic() - began) > LONGEST_SECONDS:
            found.append((seed, f"took {took:.1f} s"))
    return found


def _says_other_fields(original: str, change: Damaged) -> bool:
    """Whether a touched line of JSON has other fields than before: a treatment without insulin is no lost bolus, and a
    switch of the profile without a duration is one for good.
    """
    fields = re.compile(r'"([^"]*)":')
    before, after = (fields.findall(text) for text in (original, change.text))
    return sorted(before) != sorted(after)


def read(name: str, folder: Path, text: str, file: str = "") -> PumpEvents | None:
    """What is read of a file; None if it is refused in words."""
    folder.mkdir(exist_ok=True)
    if name == "nightscout_dump":
        dump.write(folder, entries=dump.ENTRIES, profile=[FLAT])
    (folder / (file or ORIGINALS[name].name)).write_bytes(text.encode("utf-8", errors="surrogatepass"))
    source = source_named(name)
    assert isinstance(source, EventSource)
    try:
        (found,) = source.events(data_settings(source=name, root=str(folder)), lambda _: None)
        records_from_events(found, 15.0)
    except BloodTwinError:
        return None
    return found


@pytest.mark.parametrize("name", ORIGINALS)
def test_damaged_files_are_read_or_refused_in_words(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    assert read(name, tmp_path / "f", ORIGINALS[name].text) is not None
    for _ in range(MUTATIONS):
        began = time.monotonic()
        read(name, tmp_path / "f", damaged(ORIGINALS[name].text, rng))
        assert time.monotonic() - began < LONGEST_SECONDS


@pytest.mark.parametrize("name", LINES)
def test_damaged_lines_are_refused_or_read_as_the_original_says(name: str, tmp_path: Path) -> None:
    assert tried(name, tmp_path / "f", range(MUTATIONS)) == []


@pytest.mark.parametrize("name", ["ohio_t1dm", "apple_health", "tidepool"])
def test_a_file_that_was_cut_off_is_never_a_shorter_one(name: str, tmp_path: Path) -> None:
    text = ORIGINALS[name].text.rstrip()
    for share in (0.3, 0.7, 0.99):
        assert read(name, tmp_path / "f", text[: int(share * len(text))]) is None


def test_a_field_that_makes_no_sense_is_counted_or_refused(tmp_path: Path) -> None:
    """Of a bolus whose dose is no number, the reading before and after stays and the row is counted."""
    change: dict[str, Callable[[str], str]] = {
        "tidepool": lambda text: text.replace('"normal": 4.0', '"normal": "four"'),
        "apple_health": lambda text: text.replace('value="5"', 'value="five"'),
    }
    for name, changed in change.items():
        text = changed(ORIGINALS[name].text)
        assert text != ORIGINALS[name].text
        found = read(name, tmp_path / name, text)
        assert found is not None
        assert any("could not be understood" in sentence for sentence in found.repairs.sentences())
