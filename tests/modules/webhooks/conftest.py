"""What tests of webhooks share."""

from tests.modules.webhooks.world import receiver, world

__all__ = ["receiver", "world"]
