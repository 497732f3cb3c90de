"""The command `bloodtwin`, one file a subcommand."""
