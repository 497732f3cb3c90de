"""What all subjects share: how a page looks, how a failure reads, where log lines go."""
