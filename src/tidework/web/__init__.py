"""The web app as a browser gets it: its files, and the page that loads them."""
