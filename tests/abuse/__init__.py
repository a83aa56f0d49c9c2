"""Bad traffic. Short forms are in `tests/http/`, long ones are `make fuzz` and `make soak`."""
