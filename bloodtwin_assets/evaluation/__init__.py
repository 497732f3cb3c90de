"""Test results and the report."""
