"""What much more of everything would take, computed from the rates that other benchmarks keep."""
