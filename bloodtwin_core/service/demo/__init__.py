"""A virtual wearer to look at: days recorded from the simulator, replayed as if they happened now."""
