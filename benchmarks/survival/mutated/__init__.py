"""Mutated files: split files, raw events and device exports, read as they say or refused in words."""
