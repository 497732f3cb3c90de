"""What pumps and sensors said and when, on the way from any source to five-minute records."""
