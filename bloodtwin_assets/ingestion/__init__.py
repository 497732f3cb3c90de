"""New events from the wearer's cloud or site."""
