"""Pages about one lead, company or record."""
