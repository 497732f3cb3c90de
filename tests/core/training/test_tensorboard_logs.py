"""TensorBoard's folders stay within bounds, and the newest stay."""

from pathlib import Path

from bloodtwin_core.training.tensorboard_logs import KEPT_LOGS, forget_old_logs


def test_the_newest_logs_stay_and_other_files_too(tmp_path: Path) -> None:
    for number in range(KEPT_LOGS + 5):
        (tmp_path / f"version_{number}").mkdir()
        (tmp_path / f"version_{number}" / "events").write_text("x")
    (tmp_path / "mine").mkdir()
    forget_old_logs(tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"mine", *(f"version_{number}" for number in range(6, KEPT_LOGS + 5))}
    assert len(left) == KEPT_LOGS, "with the one that is about to begin"


def test_nothing_goes_where_there_are_few_or_none(tmp_path: Path) -> None:
    forget_old_logs(tmp_path / "nowhere")
    (tmp_path / "version_0").mkdir()
    forget_old_logs(tmp_path)
    assert (tmp_path / "version_0").is_dir()
