"""What the measurements share: histories, processes of their own, memory, rows."""
