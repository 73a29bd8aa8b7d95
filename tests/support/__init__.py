"""What several test modules use. Nothing here is a test."""
