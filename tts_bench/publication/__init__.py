"""A suite's results as a dataset for the Hugging Face hub: rows, images, the submissions, and a card with the table."""
