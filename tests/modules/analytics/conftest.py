from tests.modules.tasks.conftest import api
from tests.modules.whole.conftest import empty_postgres

__all__ = ["api", "empty_postgres"]
