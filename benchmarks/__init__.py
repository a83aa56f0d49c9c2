"""Us beside others, and our choices beside what we did not choose, each in one run."""
