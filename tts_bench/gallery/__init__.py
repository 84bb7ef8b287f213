"""The page of a suite: its leaderboard, and for each prompt what every submission picked and all that it looked at."""
