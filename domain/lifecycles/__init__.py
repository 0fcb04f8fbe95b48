"""The shipped lifecycles, as companies would write them: YAML with Japanese and English words."""
