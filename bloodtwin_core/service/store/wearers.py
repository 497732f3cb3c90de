"""Wearers, and the tokens by which they are known. A token itself is not kept, only its hash."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from bloodtwin_core.common.errors import StorageError
from bloodtwin_core.service.store.database import Database
from bloodtwin_core.service.store.kinds import Wearer

_TOKEN_BYTES = 24
_NAMED = "SELECT number, name, zone FROM wearers"


@dataclass(frozen=True)
class Grant:
    """What a token allows."""

    wearer: Wearer
    may_write: bool


class Wearers:
    """Wearers by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def named(self, name: str) -> Wearer | None:
        """The wearer of a name."""
        rows = self._database.rows(f"{_NAMED} WHERE name = ?", (name,))
        return Wearer(*rows[0]) if rows else None

    def all(self) -> list[Wearer]:
        """All wearers, by name."""
        return [Wearer(*row) for row in self._database.rows(f"{_NAMED} ORDER BY name")]

    def put(self, name: str, zone: str) -> Wearer:
        """The wearer of that name, made if new, who lives in that zone from now on; "" leaves the zone as it is."""
        zone_now = "CASE excluded.zone WHEN '' THEN zone ELSE excluded.zone END"
        self._database.write(
            f"INSERT INTO wearers (name, zone) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET zone = {zone_now}",
            (name, zone),
        )
        wearer = self.named(name)
        if wearer is None:
            raise StorageError(f"{self._database.path}: the wearer {name} was removed meanwhile")
        return wearer

    def remove(self, name: str) -> bool:
        """Forget a wearer and all that is theirs; whether there was one."""
        return self._database.write("DELETE FROM wearers WHERE name = ?", (name,)) > 0

    def new_token(self, wearer: Wearer, *, may_write: bool = True) -> str:
        """A new token; this is the only time that it can be read."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._database.write(
            "INSERT INTO tokens (hash, wearer, may_write, made) VALUES (?, ?, ?, ?)",
            (_kept(sha1_of(token)), wearer.number, may_write, int(time.time())),
        )
        return token

    def revoke_tokens(self, wearer: Wearer) -> int:
        """Let none of the wearer's tokens count any more; how many there were."""
        return self._database.write("DELETE FROM tokens WHERE wearer = ?", (wearer.number,))

    def has_tokens(self) -> bool:
        """Whether there is any token."""
        return bool(self._database.rows("SELECT 1 FROM tokens LIMIT 1"))

    def granted(self, sha1: str) -> Grant | None:
        """What a token allows, given as its SHA-1 in hex, as Nightscout's clients send it; None for a wrong one."""
        kept = _kept(sha1.lower())
        rows = self._database.rows(
            "SELECT hash, number, name, zone, may_write FROM tokens JOIN wearers ON number = wearer WHERE hash = ?",
            (kept,),
        )
        if not rows or not hmac.compare_digest(rows[0][0], kept):
            return None
        return Grant(Wearer(*rows[0][1:4]), bool(rows[0][4]))


def sha1_of(token: str) -> str:
    """What Nightscout's clients send of a token. The token has 192 random bits, so that SHA-1 is no weakness."""
    return hashlib.sha1(token.encode(), usedforsecurity=False).hexdigest()


def _kept(sha1: str) -> str:
    return hashlib.sha256(sha1.encode()).hexdigest()
