"""What people are sent, in their language: one catalogue of texts for each."""

from tidework.languages.catalogue import LANGUAGES, Words, words

__all__ = ["LANGUAGES", "Words", "words"]
