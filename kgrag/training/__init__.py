"""Question synthesis and the training of reasoner and generator."""
