"""Files that somebody gave: pipes, bombs and names that cannot be are refused at once, in words."""

import gzip
import os
import zipfile
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.common.given_files import content_of, given_path, gunzipped, head_of, opened_zip, unpacked

BOMB = bytes(64 * 1024**2)
"""Zeros, which pack a thousand to one."""


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def first_of(path: Path) -> bytes:
    with opened_zip(path) as made:
        return unpacked(path, made, made.infolist()[0])


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"1,2\n")
    assert content_of(path) == b"1,2\n"
    assert head_of(path, 2) == b"1,"
    assert first_of(packed(tmp_path / "a.zip", {"a.csv": b"1,2\n"})) == b"1,2\n"
    assert gunzipped(path, gzip.compress(b"1") + gzip.compress(b"2")) == b"12"
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"1,2\n"))
    assert head_of(tmp_path / "a.gz", 2) == b"1,"


def test_what_unpacks_to_a_thousand_times_its_size_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="unpacks to over 100 times its size"):
        gunzipped(tmp_path / "a.gz", gzip.compress(BOMB))
    with pytest.raises(DataError, match="unpacks to over 100 times its size"):
        first_of(packed(tmp_path / "a.zip", {"a.csv": BOMB}))


def test_a_zip_file_that_says_less_than_it_holds_gives_no_more_than_it_says(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": BOMB})
    content = bytearray(path.read_bytes())
    entry = content.rfind(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match="zip file cannot be read"):
        first_of(path)


def test_a_zip_file_with_more_names_than_any_export_is_refused_before_they_are_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {f"{number:0400}": b"" for number in range(10_000)})
    with pytest.raises(DataError, match="more files than any export"):
        first_of(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_damaged_zip_file_is_named(share: float, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": os.urandom(4000)})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=r"a\.zip: the zip file cannot be read"):
        first_of(path)


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(4000))
    for content in (b"no gzip", whole[:-9], whole[:2000], whole[:-8] + bytes(8)):
        with pytest.raises(DataError, match=r"a\.gz: the file cannot be read"):
            gunzipped(tmp_path / "a.gz", content)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_a_device_and_a_folder_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / "nothing"):
        with pytest.raises(DataError, match="the file cannot be read"):
            content_of(path)
        assert head_of(path, 9) == b""


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    os.truncate(path, 600 * 1024**2)
    with pytest.raises(DataError, match="larger than 512 MiB"):
        content_of(path)
    with pytest.raises(DataError, match="larger than 64 KiB"):
        content_of(path, 1 << 16)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "/".join(["a"] * 3000), "a\nb", "\x1b[31m", "\ud800"])
def test_a_name_that_no_file_can_have_is_refused_in_few_words(name: str) -> None:
    with pytest.raises(SettingsError, match="can be no file or folder") as caught:
        given_path(name)
    assert len(str(caught.value)) < 400
    assert str(caught.value).replace("\n", "").isprintable()


def test_home_is_that_of_whoever_runs_and_of_nobody_it_stays_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert given_path("~/exports") == Path("/home/ann/exports")
    assert given_path("~no-such-user/exports") == Path("~no-such-user/exports")
