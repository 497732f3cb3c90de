"""What every asset and check does besides: it fails in words, and stops when it is asked to, whatever it is at.

Errors that a user can mend become the message itself, not the last line of a stack trace.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import dagster as dg

from bloodtwin_core.common.errors import BloodTwinError, SettingsError
from bloodtwin_core.common.interrupts import lasting_interrupts

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class SettingsFailure(dg.Failure):
    """A stage failed by a setting: its name in the log tells the command, which ends with the exit code for that."""


def failing_in_words(body: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let an asset or check fail with the words of a BloodTwinError; trying again would not help.

    An interrupt is not lost from its first line on: what a body imports takes seconds, in which one may be swallowed.
    """

    @functools.wraps(body)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            with lasting_interrupts():
                return body(*args, **kwargs)
        except SettingsError as error:
            raise SettingsFailure(description=str(error), allow_retries=False) from None
        except BloodTwinError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from None

    return wrapped
