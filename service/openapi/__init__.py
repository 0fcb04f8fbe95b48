"""The OpenAPI document, the pages that show it, and the links between its operations."""
