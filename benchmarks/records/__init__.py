"""How fast records become windows."""
