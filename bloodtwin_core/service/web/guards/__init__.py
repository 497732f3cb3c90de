"""What stands before every request, whatever it asks for: sizes, times, hosts, headers."""
