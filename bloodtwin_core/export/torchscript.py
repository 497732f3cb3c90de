"""model.ts: written with the facts inside, loadable by torch.jit.load alone."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import torch

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.export.facts import facts_of
from bloodtwin_core.export.listing import relist
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.past import past_unknown
from bloodtwin_core.serving.facts import FACTS
from bloodtwin_core.serving.torchscript import without_deprecation_notes


def export_torchscript(checkpoint: Checkpoint, path: Path) -> None:
    """Write model.ts, loadable by torch.jit.load alone, and keep model.json beside it true.

    The first export of a process gives the same bytes each time, whoever calls it. Of a network that reads the wearer's
    past it forecasts as where nothing is known of it.
    """
    checkpoint = past_unknown(checkpoint)
    facts = facts_of(checkpoint)
    # A trace notes from where it was called; in a thread of its own that is the same for all.
    with ThreadPoolExecutor(1) as thread:
        content = thread.submit(_traced, checkpoint, facts.model_dump_json()).result()
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
    relist(path, facts)


def _traced(checkpoint: Checkpoint, facts: str) -> bytes:
    # Traced with a batch of two, because a trace may take a batch of one for a constant.
    example = checkpoint.forecaster.centre.expand(2, checkpoint.lookback, -1).contiguous()
    with torch.inference_mode(False), without_deprecation_notes():
        traced = torch.jit.trace(checkpoint.forecaster, example)  # type: ignore[no-untyped-call]
        # Not to the file itself: where the disk is full, torch.jit.save ends the process.
        content = BytesIO()
        torch.jit.save(traced, content, _extra_files={FACTS: facts})
    return content.getvalue()
