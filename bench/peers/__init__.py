"""The peers, to try by hand: `python -m bench.peers`."""
