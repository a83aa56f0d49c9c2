"""`make bench-score`: scoring beside its engine alone, on two nodes beside one, and its memory."""
