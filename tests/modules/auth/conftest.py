from tests.modules.users.harness import compose_world, store, world

__all__ = ["compose_world", "store", "world"]
