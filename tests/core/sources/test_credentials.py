from pathlib import Path

import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.sources.credentials import required_secret, secret

NAME = "BLOODTWIN_TEST_PASSWORD"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.delenv(f"{NAME}_FILE", raising=False)


def test_it_comes_from_the_environment_and_hides_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "hunter2")
    found = secret(NAME)
    assert found is not None
    assert found.get_secret_value() == "hunter2"
    assert "hunter2" not in f"{found} {found!r} {[found]}"


@pytest.mark.parametrize("content", ["hunter 2", "hunter 2\n", "hunter 2\r\n"])
def test_it_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_bytes(content.encode())
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert required_secret(NAME, "The password").get_secret_value() == "hunter 2"


def test_none_is_none_or_an_error_that_says_where_to_put_it() -> None:
    assert secret(NAME) is None
    with pytest.raises(
        SettingsError, match=rf"^The password is not known\. Set {NAME}, or let {NAME}_FILE name a file"
    ):
        required_secret(NAME, "The password")


def test_both_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "hunter2")
    monkeypatch.setenv(f"{NAME}_FILE", "/somewhere")
    with pytest.raises(SettingsError, match="are both set"):
        secret(NAME)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"", "is empty"), (b"\xff\xfe", "cannot be read")]
)
def test_a_file_that_is_of_no_use_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(f"{NAME}_FILE", str(path))
    with pytest.raises(SettingsError, match=said) as caught:
        secret(NAME)
    assert str(path) in str(caught.value)
    assert f"{NAME}_FILE" in str(caught.value)
