"""Controllers beside others'."""
