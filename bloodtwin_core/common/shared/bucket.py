"""An S3 bucket through boto3, whose put_object takes conditions (fsspec's interface can create, not replace, on one).

Credentials, region and the address of a storage other than Amazon's come from where boto3 reads them: variables such as
AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL, files of AWS's tools, the role of a machine or pod. They are in no setting, and
errors quote nothing that the library or the storage says but the name of an error.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from bloodtwin_core.common.errors import SettingsError, StorageError
from bloodtwin_core.common.extras import advice_on, require_installed

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[\w!*'().-]+)*)/?", re.ASCII)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and object-keys.html for safe names."""
NO_ADDRESS = "is no address such as s3://bucket/prefix; credentials belong in the environment"
"""What is said of a text that is no address, in place of the text: it may hold a secret."""
LARGEST_FILE = 5 * 1024**3
"""Bytes that one upload takes, https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html."""
ATTEMPTS = 5
"""Times that boto3 asks before it gives up, with waits that double."""
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
_REFUSED = (
    *("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "403"),
    *("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"),
)


class Overtaken(Exception):
    """An object is not any more what it was when it was read, so that it was not replaced."""


@dataclass(frozen=True)
class Address:
    """s3://bucket/prefix; the prefix may be empty."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, text: str) -> "Address":
        """Raises ValueError, which does not quote the text."""
        match = _ADDRESS.fullmatch(text)
        if match is None or ".." in text:
            raise ValueError(NO_ADDRESS)
        return cls(match["bucket"], match["prefix"].strip("/"))

    def __truediv__(self, name: str) -> "Address":
        return replace(self, prefix=f"{self.prefix}/{name}".strip("/"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True)
class Stored:
    """A small object: its content, its tag, which changes with it, and its age (s) by the storage's clock."""

    content: bytes
    tag: str
    age: float


class Bucket:
    """The objects under an address; names are relative to it.

    Every method raises StorageError where the storage cannot be reached or refuses, SettingsError without credentials
    or bucket. Connections may be used by several threads.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        try:
            require_installed("boto3")
        except ModuleNotFoundError as error:
            raise SettingsError(advice_on(error) or str(error)) from None
        with self._errors():
            self._client = _client()

    def read(self, name: str) -> Stored | None:
        """A small object; None if it is not there."""
        with self._errors():
            try:
                answer = self._client.get_object(**self._named(name))
            except self._client.exceptions.NoSuchKey:
                return None
            return Stored(answer["Body"].read(), answer["ETag"], _age(answer["LastModified"], answer))

    def replace(self, name: str, content: bytes, tag: str | None) -> str:
        """Write a small object where it still has this tag, or, for None, where it is not there yet; its new tag.

        Raises Overtaken if it has another. After a StorageError it may be written or not.
        """
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        with self._errors():
            answer = self._client.put_object(**self._named(name), Body=content, **condition)
            return str(answer["ETag"])

    def write(self, name: str, content: bytes) -> None:
        """Write a small object, whether it is there or not."""
        with self._errors():
            self._client.put_object(**self._named(name), Body=content)

    def require_conditions(self, name: str) -> None:
        """Raise SettingsError if the storage writes an object that is not there as if it were what was read."""
        try:
            self.replace(name, b"", '"no object has this tag"')
        except Overtaken:
            return
        self.remove(name)
        raise SettingsError(
            f"{self.address}: the storage does not heed the condition If-Match of a write, without which two machines "
            "could write at once. Choose one that does, such as Amazon S3"
        )

    def upload(self, name: str, path: Path, sha256: str) -> None:
        """Write an object from a file; the storage refuses what does not arrive as hashed, where it can tell."""
        if path.stat().st_size > LARGEST_FILE:
            raise StorageError(
                f"{path} is larger than 5 GiB, which {self.address} takes at once. Learn from fewer days"
            )
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        with path.open("rb") as file, self._errors():
            self._client.put_object(**self._named(name), Body=file, ChecksumSHA256=checksum)

    def download(self, name: str, path: Path) -> bool:
        """Write an object to a file; whether it is there."""
        with self._errors():
            try:
                answer = self._client.get_object(**self._named(name))
            except self._client.exceptions.NoSuchKey:
                return False
            with path.open("wb") as file:
                for piece in answer["Body"].iter_chunks(1 << 20):
                    file.write(piece)
        return True

    def listed(self, folder: str) -> Iterator[tuple[str, float]]:
        """The names under a folder, with the age of each (s)."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2")
            beginning = self._named(folder)["Key"] + "/"
            for page in pages.paginate(Bucket=self.address.bucket, Prefix=beginning):
                for entry in page.get("Contents", ()):
                    yield f"{folder}/{entry['Key'].removeprefix(beginning)}", _age(entry["LastModified"], page)

    def remove(self, name: str) -> None:
        """Remove an object."""
        with self._errors():
            self._client.delete_object(**self._named(name))

    def _named(self, name: str) -> dict[str, str]:
        return {"Bucket": self.address.bucket, "Key": (self.address / name).prefix}

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Errors of boto3 in the user's words, and without its own, which may quote addresses with passwords."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            raise self._in_words(str(error.response.get("Error", {}).get("Code", "unknown"))) from None
        except (BotoCoreError, ValueError) as error:  # ValueError: AWS_ENDPOINT_URL is no address.
            raise self._in_words(type(error).__name__) from None

    def _in_words(self, code: str) -> Exception:
        if code in _OVERTAKEN:
            return Overtaken(code)
        if code in _REFUSED:
            todo = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, of somebody who may read and write there"
            return SettingsError(f"{self.address}: the credentials are missing or refused ({code}). {todo}")
        if code == "NoSuchBucket":
            return SettingsError(f"{self.address}: there is no such bucket. Make it, or correct artifacts.shared")
        if code == "ValueError":
            return SettingsError(f"{self.address}: AWS_ENDPOINT_URL is no address. Correct it")
        return StorageError(
            f"{self.address}: the storage cannot be reached or used ({code}). What was made stays in the local copy: "
            "start again when it can"
        )


def _client() -> Any:
    import boto3
    from botocore.config import Config

    # Storages other than Amazon's know no checksums that nobody asked for.
    config = Config(
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client("s3", config=config)


def _age(written: datetime, answer: dict[str, Any]) -> float:
    now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    return (now - written).total_seconds()
