"""Figures about won business and what it is worth."""
