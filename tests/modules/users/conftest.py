from tests.modules.users.harness import compose_world, world

__all__ = ["compose_world", "world"]
