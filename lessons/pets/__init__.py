"""Small networks trained on the starter set: its pictures as tensors, and one way to train."""
