"""What a run survives: kills, a second run at its side, damaged checkpoints, changed files."""
