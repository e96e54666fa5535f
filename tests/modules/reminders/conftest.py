from tests.modules.reminders.world import world
from tests.modules.tasks.conftest import api

__all__ = ["api", "world"]
