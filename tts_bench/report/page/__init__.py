"""The leaderboard and its gallery as static HTML: no server, no network, nothing that is not escaped."""
