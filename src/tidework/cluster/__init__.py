"""A cluster on one machine: the servers that Tidework runs on, each a part that can be broken."""
