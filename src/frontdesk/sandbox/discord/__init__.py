"""A Discord you can run on a laptop: real HTTP, real WebSockets, nothing behind them."""
