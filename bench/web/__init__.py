"""How fast the built web app is: sizes, Lighthouse, and what a person waits for."""
