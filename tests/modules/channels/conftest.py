from tests.modules.channels.world import open_world, receiver, world

__all__ = ["open_world", "receiver", "world"]
