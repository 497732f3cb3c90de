"""The search for accuracy on AZT1D, chosen on validation windows alone; docs/accuracy.md tells what it found."""
