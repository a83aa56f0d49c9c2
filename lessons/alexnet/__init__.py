"""AlexNet: what each of its parts does, by training without it."""
