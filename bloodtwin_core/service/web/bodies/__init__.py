"""What the service's own interface takes and gives, as JSON."""
