"""Virtual wearers beside people."""
