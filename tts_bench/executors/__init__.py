"""Where batches run: in this process, or in worker processes that each hold the model."""
