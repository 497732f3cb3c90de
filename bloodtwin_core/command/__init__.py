"""The command line: `bloodtwin import SOURCE FOLDER --to DATA`."""
