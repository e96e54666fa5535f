"""What people are sent, in their language: one catalogue of texts for each."""

from tidework.languages.catalogue import DEFAULT, LANGUAGES, Words, accepted, words

__all__ = ["DEFAULT", "LANGUAGES", "Words", "accepted", "words"]
