"""What every asset and check does besides: words instead of a stack trace, and no interrupt that gets lost."""

import sys

import dagster as dg
import pytest

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_core.common.errors import ArtifactMissing
from tests.core.common.test_interrupts import (
    Cancelled,
    handler,  # noqa: F401 - a fixture.
    interrupted_where_it_is_lost,
    work,
)


@failing_in_words
def swallow_before_any_stage_begins() -> None:
    interrupted_where_it_is_lost()
    work()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
def test_an_interrupt_that_is_swallowed_while_a_body_imports_comes_again() -> None:
    with pytest.raises(Cancelled):
        swallow_before_any_stage_begins()


def test_an_error_that_can_be_mended_is_the_message_and_is_not_tried_again() -> None:
    @failing_in_words
    def missing() -> None:
        raise ArtifactMissing("windows are not there")

    with pytest.raises(dg.Failure) as failure:
        missing()
    assert (failure.value.description, failure.value.allow_retries) == ("windows are not there", False)
