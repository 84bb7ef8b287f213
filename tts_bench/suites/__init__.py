"""What a suite's card cannot say: how prompts are read from files that others keep in shapes of their own."""
