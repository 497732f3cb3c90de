"""Personal models of many people, beside the main line: person.py makes one, many.py all of them by processes."""
