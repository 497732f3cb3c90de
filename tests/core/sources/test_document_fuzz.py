"""Damaged JSON and XML of four sources: refused in words, or read; nothing crashes, hangs or takes others along."""

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
from tests.core.sources.nightscout.documents import FLAT

MUTATIONS = 25
"""For each source in every run of the tests. 1,000 of each were tried when the readers were made."""
LONGEST_SECONDS = 10.0
DAMAGE = (
    "", "x", "-", "0", "9", "-7", "5,5", "1e308", "NaN", "Infinity", "null", "[]", "{}", "true",
    "99999999999", "\uff15",
    '"', "<", ">", "&", "/>", "</", "]]>", "<!--", "\\u0000", "\x00", "\ud800", "2024-02-30T00:00:00Z", "9999-12-31",
)  # fmt: skip
OTHER_VALUES = 2
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


def with_other_values(original: str, rng: random.Random) -> str:
    """One to three words or numbers replaced, so that the file is mostly as whole as before."""
    text = original
    for _ in range(OTHER_VALUES):
        words = list(WORD.finditer(text, text.index("\n") + 1))
        word = rng.choice(words)
        text = text[: word.start()] + rng.choice(DAMAGE) + text[word.end() :]
    return text


def read(name: str, folder: Path, text: str) -> PumpEvents | None:
    """What is read of a file; None if it is refused in words."""
    folder.mkdir(exist_ok=True)
    if name == "nightscout_dump":
        dump.write(folder, entries=dump.ENTRIES, profile=[FLAT])
    (folder / ORIGINALS[name].name).write_bytes(text.encode("utf-8", errors="surrogatepass"))
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


@pytest.mark.parametrize("name", ORIGINALS)
def test_other_values_take_nothing_but_their_own_entries_along(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    whole = read(name, tmp_path / "f", ORIGINALS[name].text)
    assert whole is not None
    for _ in range(MUTATIONS):
        found = read(name, tmp_path / "f", with_other_values(ORIGINALS[name].text, rng))
        if found is not None:
            assert len(found.glucose) + len(found.bolus) >= len(whole.glucose) + len(whole.bolus) - 2 * OTHER_VALUES


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
