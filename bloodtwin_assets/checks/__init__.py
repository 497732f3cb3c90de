"""Asset checks. Each reads the artifact as it stands, and says where something is wrong, by how much and what to do."""

from bloodtwin_assets.checks.exports import onnx_agrees, streaming_agrees, torchscript_agrees
from bloodtwin_assets.checks.records import CONTINUITY_CHECKS, continuity
from bloodtwin_assets.checks.results import targets

__all__ = ["CHECKS", "CONTINUITY_CHECKS"]

CHECKS = [continuity, targets, torchscript_agrees, onnx_agrees, streaming_agrees]
