"""Table, picture and single trials of a study of unseen people."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.personal.unseen_person import JUDGED_SHARE, UnseenPersonRow, UnseenPersonTrial, summary
from bloodtwin_core.reporting.plots.canvas import BLUE, INK, VERMILLION, legend_above, new_figure, small_png

TABLE = "unseen_people.md"


def as_table(rows: Sequence[UnseenPersonRow], members: int) -> str:
    """The rows as a Markdown table with what they mean; members of the network of each fold."""
    lines = [
        "| days of their own | MAE AT 30 | MAE AT 60 | skill AT 30 | skill AT 60 | accepted | better on test | "
        "AT 30 / AT 60 if every copy were used |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {_days(row)} | {row.mae_at_30:.2f} | {row.mae_at_60:.2f} | {row.skill_at_30:.3f} | {row.skill_at_60:.3f} | "
        f"{row.accepted} of {row.people} | {row.better} | {row.always_at_30:.2f} / {row.always_at_60:.2f} |"
        for row in rows
    ]
    people, windows = (rows[0].people, rows[0].windows) if rows else (0, 0)
    network = "one network" if members == 1 else f"the mean of {members} networks"
    return "\n".join(
        [
            f"{people} people who were left out of training, a fold at a time, and meet {network} of everybody else; "
            f"errors in mg/dL on {windows:,} complete test windows, pooled. A copy is fine-tuned on the newest days "
            f"and accepted where the latest {JUDGED_SHARE:.0%} of them say that it helps; where that leaves too few "
            "windows, as of a single day, nobody's copy is accepted. Skill is the error divided by persistence's.",
            "",
            *lines,
        ]
    )


def plot(rows: Sequence[UnseenPersonRow]) -> bytes:
    """MAE AT 30 and 60 minutes by days of one's own data, with those of persistence."""
    figure, axes = new_figure("An unseen person's error", "Days of their own data", "MAE AT that moment (mg/dL)")
    places = range(len(rows))
    for minutes, colour, marker in ((30, BLUE, "o"), (60, VERMILLION, "s")):
        mae = [getattr(row, f"mae_at_{minutes}") for row in rows]
        last = [value / getattr(row, f"skill_at_{minutes}") for value, row in zip(mae, rows, strict=True)]
        axes.plot(places, mae, color=colour, marker=marker, label=f"{minutes} min ahead")
        axes.plot(places, last, color=INK, marker=marker, linestyle=":", label=f"persistence, {minutes} min")
    axes.set_xticks(list(places), [_days(row) for row in rows])
    axes.set_ylim(bottom=0)
    legend_above(figure, axes)
    return small_png(figure)


def _days(row: UnseenPersonRow) -> str:
    return "all" if row.days is None else str(row.days)


def write(trials: Sequence[UnseenPersonTrial], folder: Path, members: int) -> str:
    """Keep table, picture and single trials of the study so far; gives the table."""
    rows = summary(trials)
    table = as_table(rows, members)
    single = [
        {
            **{name: getattr(trial, name) for name in ("pump_id", "days", "learned", "judged", "accepted", "reason")},
            "mae_before": trial.base.mae(1, trial.base.horizon),
            "mae_after": trial.tuned.mae(1, trial.tuned.horizon) if trial.tuned else None,
        }
        for trial in trials
    ]
    content = {"rows": [dataclasses.asdict(row) for row in rows], "trials": single}
    with atomic_write(folder / TABLE) as temporary:
        temporary.write_text(table + "\n", "utf-8")
    with atomic_write(folder / "unseen_people.json") as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    with atomic_write(folder / "unseen_people.png") as temporary:
        temporary.write_bytes(plot(rows))
    return table
