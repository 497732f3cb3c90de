"""A site's address and secret, before anything is sent to it."""

import hashlib
import ipaddress
import re
from urllib.parse import urlsplit

from bloodtwin_core.common.errors import SettingsError

_SHA1 = re.compile(r"[0-9a-f]{40}")


def hashed_secret(secret: str) -> str:
    """What the header wants: the SHA-1 of the secret, which may have been given instead of it."""
    return secret if _SHA1.fullmatch(secret) else hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()


def checked_address(url: str, *, is_secret_sent: bool) -> str:
    """The site's address without a slash at the end. The error does not repeat it: it may hold a token."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SettingsError("data.nightscout.url is not an address. Write it like https://my-site.example")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise SettingsError(
            "data.nightscout.url holds more than the site's address. Remove what comes after it; "
            "a token belongs into the environment variable BLOODTWIN_NIGHTSCOUT_TOKEN"
        )
    if is_secret_sent and parts.scheme == "http" and not _is_near(parts.hostname):
        raise SettingsError(
            "data.nightscout.url begins with http://, which would send the credentials readable for everyone "
            "on the way. Write https://"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_near(host: str) -> bool:
    """Whether a host is this machine or in the same network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")
