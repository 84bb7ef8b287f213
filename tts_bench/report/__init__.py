"""Results in, files out: leaderboards as Markdown, CSV and figures, and the table of the terminal."""
