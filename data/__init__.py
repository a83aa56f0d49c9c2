"""Where pictures come from, which of them count, and which part each belongs to."""
