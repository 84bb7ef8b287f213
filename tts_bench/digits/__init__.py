"""The embedded class-conditional world: handwritten digits of 8 x 8 pixels and small networks trained on them."""
