"""Who is who, and what counts no longer: carried out by the service, and decided again."""
