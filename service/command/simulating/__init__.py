"""A made-up market: companies, people and what they do, the same for the same seed."""
