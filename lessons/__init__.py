"""The lecture that this project grew from, runnable: convolution from its definition to ResNet."""
