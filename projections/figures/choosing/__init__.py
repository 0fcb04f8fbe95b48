"""The figures about leads that were chosen: by selections, and by the conditions of lists."""
