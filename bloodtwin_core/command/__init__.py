"""The command line: `bloodtwin import`."""
