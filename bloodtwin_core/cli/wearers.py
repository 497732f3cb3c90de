"""The wearers that a service knows, and the tokens by which clients and followers are known to it.

A token is shown once, when it is made, and kept as a hash. It goes into the API secret of xDrip+ or Loop, into the
page, or into the header `Authorization: Bearer`. A running service notices at once.

  bloodtwin wearers add anna --zone Europe/Berlin
  bloodtwin wearers token anna --read-only
  bloodtwin wearers revoke anna
"""

import argparse
import sys
from pathlib import Path

from bloodtwin_core.cli.service_settings import add_service_options, service_settings
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records.pump_ids import pump_id_of
from bloodtwin_core.service.store import Store, Wearer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin wearers` takes."""
    parser.add_argument("what", choices=["list", "add", "token", "revoke", "remove"], help="what to do")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="the wearer")
    parser.add_argument("--zone", default="", metavar="ZONE", help="where they live, such as Europe/Berlin")
    parser.add_argument("--read-only", action="store_true", help="a token for somebody who looks on")
    add_service_options(parser)


def run(given: argparse.Namespace) -> None:
    """Do it. Raises BloodTwinError."""
    settings = service_settings(given)
    if given.what != "list" and not given.name:
        raise SettingsError(f"bloodtwin wearers {given.what} needs the NAME of a wearer")
    store = Store(Path(settings.store), survives_power_cut=settings.survives_power_cut)
    try:
        sys.stdout.write(_done(store, given))
    finally:
        store.close()


def _done(store: Store, given: argparse.Namespace) -> str:
    if given.what == "list":
        return "".join(f"{wearer.name}  {wearer.zone or 'zone unknown'}\n" for wearer in store.wearers.all())
    if given.what == "add":
        zone = zone_named(given.zone).key if given.zone else ""
        return _new_token(store, store.wearers.put(pump_id_of(given.name), zone), given)
    wearer = store.wearers.named(given.name)
    if wearer is None:
        there = ", ".join(known.name for known in store.wearers.all()) or "nobody"
        raise SettingsError(f"there is no wearer {given.name}; there is {there}")
    if given.what == "token":
        return _new_token(store, wearer, given)
    if given.what == "revoke":
        return f"{store.wearers.revoke_tokens(wearer)} tokens of {wearer.name} no longer count\n"
    store.wearers.remove(wearer.name)
    return f"{wearer.name} and all that was theirs is removed\n"


def _new_token(store: Store, wearer: Wearer, given: argparse.Namespace) -> str:
    token = store.wearers.new_token(wearer, may_write=not given.read_only)
    return f"{token}\nThe token of {wearer.name}; it is shown this once.\n"
