"""Where files are kept that somebody fetches later."""
