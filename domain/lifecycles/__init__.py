"""The shipped lifecycles, as a company would write them: YAML with Japanese and English words."""
