"""The figures that follow passes over time: how far they got, how they ended, how long it took."""
