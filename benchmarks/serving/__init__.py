"""How fast this service answers, beside its own engine and beside what others would write."""
