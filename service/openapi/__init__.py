"""The OpenAPI document, its links and examples, and the page that shows it."""
