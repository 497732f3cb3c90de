"""How fast the exports are."""
