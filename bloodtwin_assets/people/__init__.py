"""Personal models of many people, in a job of their own."""
