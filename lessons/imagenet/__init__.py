"""ImageNet: how its classes nest, where its cats and dogs are, and who named them best."""
