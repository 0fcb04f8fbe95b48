"""Pages about the service itself: logging in, who is logged in, what is set."""
