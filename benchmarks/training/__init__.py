"""How fast training is, and what surrounds a step."""
