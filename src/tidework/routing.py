"""The routes of a server, with the services that they call, and the document that describes them.

With `composition` and `app`, the one place that picks implementations.
"""

from typing import Any

from litestar import Litestar, Router

from tidework import __version__
from tidework.analytics import examples as analytics_examples
from tidework.analytics.routes import routers as analytics_routers
from tidework.auth import examples as auth_examples
from tidework.auth.email_routes import routers as email_routers
from tidework.auth.routes import root_routers
from tidework.auth.routes import routers as auth_routers
from tidework.channels import examples as channel_examples
from tidework.channels.routes import routers as channel_routers
from tidework.composition import Services
from tidework.exchange import examples as exchange_examples
from tidework.exchange.routes import routers as exchange_routers
from tidework.http.context import SCOPE_KEY, guards
from tidework.http.edge import Edge
from tidework.http.front import BASE
from tidework.http.openapi import document, openapi_config
from tidework.http.origins import Origins
from tidework.http.problem import exception_handlers
from tidework.live.hub import Live
from tidework.live.routes import routers as live_routers
from tidework.notifications import examples as notification_examples
from tidework.notifications.routes import routers as notification_routers
from tidework.reminders import examples as reminder_examples
from tidework.reminders.routes import routers as reminder_routers
from tidework.reminders.service import ReminderService
from tidework.reports import examples as report_examples
from tidework.reports.routes import routers as report_routers
from tidework.store.answers import answers_of
from tidework.tasks import examples as task_examples
from tidework.tasks.admin import AdminTaskService
from tidework.tasks.bulk_routes import HANDLERS as BULK_HANDLERS
from tidework.tasks.log_routes import HANDLERS as LOG_HANDLERS
from tidework.tasks.routes import routers as task_routers
from tidework.tasks.snapshot_routes import HANDLERS as SNAPSHOT_HANDLERS
from tidework.tasks.snapshots import SnapshotService
from tidework.users import examples as user_examples
from tidework.users.admin_routes import routers as admin_routers
from tidework.users.filter_routes import routers as filter_routers
from tidework.users.routes import routers as user_routers
from tidework.webhooks import examples as webhook_examples
from tidework.webhooks.routes import routers as webhook_routers
from tidework.workspaces import examples as workspace_examples
from tidework.workspaces.admin import AdminWorkspaceService
from tidework.workspaces.routes import routers as workspace_routers


def api_routers(services: Services) -> list[Router]:
    """The routes below `/api/v1`."""
    settings = services.settings
    origins = Origins(settings.public_url, settings.cors_origins)
    task_services: dict[str, object] = {
        "tasks": services.tasks,
        "comments": services.comments,
        "relations": services.relations,
        "log": services.log,
        "stats": services.stats,
        "bulk": services.bulk,
        "snapshots": SnapshotService(services.store, services.users, answers_of(services.store)),
        "admin_tasks": AdminTaskService(services.store, services.audit),
    }
    return [
        *auth_routers(services.auth, services.resets, services.api_tokens, origins),
        *email_routers(services.confirmations),
        *user_routers(services.users, services.closing, services.auth),
        *filter_routers(services.store),
        *notification_routers(services.notifications),
        *channel_routers(services.channels),
        *reminder_routers(ReminderService(services.store)),
        *admin_routers(services.admins),
        *workspace_routers(
            services.workspaces,
            services.projects,
            services.labels,
            AdminWorkspaceService(services.store, services.audit, services.users),
        ),
        *analytics_routers(services.analytics),
        *webhook_routers(services.webhooks.service, services.webhooks.outbox),
        *report_routers(services.reports.service, services.reports.schedules),
        *exchange_routers(services.exchange.imports, services.exchange.exports),
        *task_routers(task_services, [*LOG_HANDLERS, *BULK_HANDLERS, *SNAPSHOT_HANDLERS]),
    ]


def framework(services: Services, live: Live | None = None) -> Litestar:
    """The routes as a Litestar application; without `live` to be described only."""
    return Litestar(
        route_handlers=[
            Router(path=BASE, route_handlers=[*api_routers(services), *live_routers(live)]),
            *root_routers(services.keys),
        ],
        dependencies=guards(),
        exception_handlers=exception_handlers(_request_id, Edge.defect),
        openapi_config=openapi_config(__version__),
        logging_config=None,
        request_max_body_size=None,
    )


def _request_id(scope: Any) -> str:
    found: str = scope[SCOPE_KEY].request_id
    return found


EXAMPLES = (
    *auth_examples.EXAMPLES,
    *user_examples.EXAMPLES,
    *workspace_examples.EXAMPLES,
    *task_examples.EXAMPLES,
    *report_examples.EXAMPLES,
    *exchange_examples.EXAMPLES,
    *analytics_examples.EXAMPLES,
    *notification_examples.EXAMPLES,
    *channel_examples.EXAMPLES,
    *reminder_examples.EXAMPLES,
    *webhook_examples.EXAMPLES,
)


def openapi_document(services: Services) -> bytes:
    """The OpenAPI 3.1 document of all routes, as JSON."""
    return document(framework(services), EXAMPLES)
