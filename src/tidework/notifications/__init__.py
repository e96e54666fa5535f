"""Who is told of what, where and when: the inbox, preferences, reminders, digests."""
