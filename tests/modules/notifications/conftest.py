from tests.modules.notifications.world import clock, world
from tests.modules.tasks.conftest import api

__all__ = ["api", "clock", "world"]
