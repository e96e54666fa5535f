from tests.modules.tasks.conftest import api

__all__ = ["api"]
