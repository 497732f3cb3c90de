"""How fast events become records."""
