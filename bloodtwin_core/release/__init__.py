"""From a finished run to the base model of the package."""
