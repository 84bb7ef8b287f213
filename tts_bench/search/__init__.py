"""Search algorithms, one a file: generators that yield moves and are told outcomes."""
