"""What is taken from Dagster's log of a run."""

from bloodtwin_core.cli.closing import cause_of
from bloodtwin_core.cli.run_log import Check, RunLog

RUN = "2026-11-27 22:59:57 +0000 - dagster - DEBUG - __ASSET_JOB - 3f3b98f4-1c7b-4d42-81fa-13dbc389795e - "
TRACE = 'Stack Trace:\n  File "x.py", line 1, in f\n    raise dg.Failure()\n'


def heard(*lines: str) -> RunLog:
    log = RunLog()
    for text in lines:
        for line in text.split("\n"):
            log.hear(line)
    return log


def test_stages_are_told_when_they_are_done_and_checks_are_no_stages() -> None:
    log = RunLog()
    told = [
        log.hear(f"{RUN}17 - {line}")
        for line in (
            'raw_pump_splits - STEP_START - Started execution of step "raw_pump_splits".',
            "raw_pump_splits - ASSET_MATERIALIZATION - Materialized value raw_pump_splits.",
            'raw_pump_splits - STEP_SUCCESS - Finished execution of step "raw_pump_splits" in 14.22s.',
            'continuity - STEP_START - Started execution of step "continuity".',
            'continuity - STEP_SUCCESS - Finished execution of step "continuity" in 1.78s.',
        )
    ]
    assert told == [None, None, "raw_pump_splits", None, None]
    assert log.materialized == ["raw_pump_splits"]
    assert log.stage == "continuity"


def test_progress_is_what_a_stage_says() -> None:
    log = heard(
        f"{RUN}17 - test_results - STEP_START - Started.", f"{RUN}test_results - Windows tested: 1,256 of 6,120"
    )
    assert (log.done, log.total) == (1256, 6120)
    log = heard(f"{RUN}17 - trained_checkpoint - STEP_START - x", f"{RUN}trained_checkpoint - epoch 3: train loss 1.0")
    assert (log.said, log.done) == ("epoch 3: train loss 1.0", 4)


def test_checks_that_did_not_pass_are_kept_with_what_they_say() -> None:
    check = "17 - targets - ASSET_CHECK_EVALUATION - Asset check 'rmse' on 'test_results' "
    log = heard(
        f"{RUN}{check}did not pass. Description: 'rmse: 26.00 misses 25 by 1.00'",
        f"{RUN}{check}passed. Description: 'fine'",
    )
    assert log.failed_checks == [Check("test_results", "rmse", "rmse: 26.00 misses 25 by 1.00")]


def test_the_cause_is_in_words_for_users_and_not_what_dagster_says_after_it() -> None:
    log = heard(
        f'{RUN}17 - raw_pump_splits - STEP_FAILURE - Execution of step "raw_pump_splits" failed.',
        f"\ndagster._core.definitions.events.Failure: nowhere: there is no such folder. Set data.root\n\n{TRACE}",
        f"{RUN}onnx_export - Dependencies for step onnx_export were not executed: ['trained_checkpoint'].",
        "Error: Materialization failed.",
    )
    assert cause_of(log) == "raw_pump_splits failed: nowhere: there is no such folder. Set data.root"


def test_of_a_chain_of_errors_bloodtwins_own_is_the_cause() -> None:
    log = heard(
        "dagster._core.errors.DagsterResourceFunctionError: Error executing resource_fn on ResourceDefinition settings",
        TRACE,
        "The above exception was caused by the following exception:",
        "bloodtwin_core.common.errors.SettingsError: training.max_epochs is 0",
    )
    assert cause_of(log) == "training.max_epochs is 0"
    assert log.cause is not None
    assert log.cause.kind == "SettingsError"


def test_an_error_of_the_program_is_named_as_one() -> None:
    log = heard(f"{RUN}17 - test_results - STEP_FAILURE - Execution failed.", "ZeroDivisionError: division by zero")
    assert cause_of(log) == "test_results failed: ZeroDivisionError: division by zero. The log tells where"


def test_a_full_disk_under_dagsters_history_is_told() -> None:
    assert "Make room on the disk" in cause_of(
        heard("sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) disk I/O error")
    )


def test_a_check_that_blocks_is_a_cause() -> None:
    log = heard(
        f"{RUN}17 - c - ASSET_CHECK_EVALUATION - Asset check 'cadence' on 'raw_pump_splits' did not pass. "
        "Description: '3 faults in 1 file'"
    )
    assert "cadence of raw_pump_splits: 3 faults in 1 file" in cause_of(log)
    assert "no more" in cause_of(RunLog())


def test_a_setting_that_a_stage_refuses_is_a_wrong_setting_like_any_other() -> None:
    words = "--pump x: there is no such pump. Correct data.pump_ids"
    failed = f'{RUN}17 - raw_pump_splits - STEP_FAILURE - Execution of step "raw_pump_splits" failed.'
    for kind, wrong in (
        ("bloodtwin_assets.common.failures.SettingsFailure", True),
        ("bloodtwin_core.common.errors.SettingsError", True),
        ("dagster._core.definitions.events.Failure", False),
    ):
        log = heard(failed, f"\n{kind}: {words}\n\n{TRACE}")
        assert log.cause is not None
        assert (log.cause.is_wrong_setting, log.cause.is_for_users) == (wrong, True)
        assert cause_of(log) == f"raw_pump_splits failed: {words}"
