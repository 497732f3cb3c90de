"""The trained network and personal copies of it."""
