"""The stages of a run, and what each leaves on disk."""
