"""Time zones by name; needs nothing but the standard library."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bloodtwin_core.common.errors import SettingsError


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name such as Europe/London. Raises SettingsError if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        todo = "Name it as the IANA does, for example Europe/London or America/New_York"
        raise SettingsError(f"'{name}' is not a time zone. {todo}") from error
