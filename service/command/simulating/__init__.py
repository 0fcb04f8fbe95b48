"""A simulated market: companies, people and what they do. The same seed makes the same market."""
