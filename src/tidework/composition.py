"""The composition root of the services: the one place that picks their implementations.

`open_services` gives a command what it needs, without HTTP; `app` makes a server of the same.
"""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tidework import __version__
from tidework.analytics.admin import InstallationTrends
from tidework.analytics.consumers import AnalyticsConsumer
from tidework.analytics.service import AnalyticsService
from tidework.auth.access import AccessTokens
from tidework.auth.api_tokens import ApiTokens
from tidework.auth.confirmations import Confirmations
from tidework.auth.keys import KeySet
from tidework.auth.letters import AuthLetters
from tidework.auth.passwords import Passwords
from tidework.auth.resets import Resets
from tidework.auth.service import AuthService
from tidework.auth.throttle import Throttle
from tidework.bus import opening
from tidework.bus.consumer import AnyConsumer
from tidework.bus.followups import Followups
from tidework.bus.jobs import Jobs
from tidework.bus.protocol import Bus
from tidework.bus.wakeups import Carrier, Wakeups
from tidework.bus.wakeups_postgres import PostgresCarrier
from tidework.bus.wakeups_sqlite import SqliteCarrier
from tidework.cache.buckets import Buckets, MemoryBuckets
from tidework.cache.second_tier import SecondTier
from tidework.channels.parts import Channels
from tidework.exchange.parts import Exchange
from tidework.mail import FolderMailer, Mailer
from tidework.notifications.parts import Notifications
from tidework.outgoing.client import Outgoing
from tidework.post.post import Post
from tidework.reminders import parts as reminders
from tidework.reports.parts import Reports
from tidework.settings import Settings
from tidework.settings_outside import smtp_address
from tidework.store.answers import answers_of
from tidework.store.observer import Observer
from tidework.store.protocol import Store
from tidework.store.sql.postgres import PostgresStore
from tidework.store.sql.sqlite import SqliteStore
from tidework.tasks.bulk import BulkService
from tidework.tasks.bulk_job import BulkRuns
from tidework.tasks.bulk_undo import BulkUndo
from tidework.tasks.comments import CommentService
from tidework.tasks.log import LogService
from tidework.tasks.relations import RelationService
from tidework.tasks.service import TaskService
from tidework.tasks.stats import StatsService
from tidework.users.admin import AdminService
from tidework.users.audit import AuditLog
from tidework.users.closing import Closing
from tidework.users.service import UserService
from tidework.webhooks.module import Webhooks
from tidework.workspaces.items import ItemService
from tidework.workspaces.service import WorkspaceService

if TYPE_CHECKING:
    from tidework.cache.redis import RedisConnection


@dataclass(frozen=True, slots=True)
class Services:
    """Every service of the product, on one store."""

    settings: Settings
    store: Store
    keys: KeySet
    access_tokens: AccessTokens
    passwords: Passwords
    users: UserService
    audit: AuditLog
    post: Post
    resets: Resets
    confirmations: Confirmations
    auth: AuthService
    api_tokens: ApiTokens
    closing: Closing
    admins: AdminService
    workspaces: WorkspaceService
    projects: ItemService
    labels: ItemService
    tasks: TaskService
    comments: CommentService
    relations: RelationService
    log: LogService
    stats: StatsService
    analytics: AnalyticsService
    bulk: BulkService
    reports: Reports
    exchange: Exchange
    followups: Followups
    jobs: Jobs
    consumers: list[AnyConsumer]
    notifications: Notifications
    channels: Channels
    outgoing: Outgoing
    webhooks: Webhooks


def attach(services: Services) -> None:
    """Register what follows commits: the job kinds and the consumers of each module."""
    store, jobs = services.store, services.jobs
    BulkRuns(store).register(jobs)
    BulkUndo(store).register(jobs)
    services.reports.begin(jobs)
    services.exchange.begin(jobs)
    services.notifications.begin(jobs)
    services.channels.begin(jobs)
    services.consumers.append(services.notifications.consumer)
    services.consumers.append(AnalyticsConsumer(store))
    services.admins.trends = InstallationTrends(store)
    services.consumers.append(reminders.begin(store, jobs))
    services.webhooks.begin(jobs)
    services.consumers.append(services.webhooks.consumer)
    url = services.settings.public_url
    letters = AuthLetters(services.users, services.resets, services.confirmations, public_url=url)
    letters.register(services.post)
    services.post.begin(jobs)


def make_bus(settings: Settings) -> Bus:
    """The bus that the settings name, not started."""
    return opening.make_bus(settings.broker_url)


def make_store(settings: Settings, observer: Observer | None = None) -> Store:
    """The store that the settings name, not started."""
    if settings.database_path is not None:
        return SqliteStore(settings.database_path, observer=observer)
    return PostgresStore(
        settings.database_url,
        pool_min=settings.pool_min,
        pool_max=settings.pool_max,
        replica_urls=settings.database_replica_urls,
        pooler_url=settings.database_pooler_url,
        seqs_timeout=settings.wait_seconds,
        observer=observer,
    )


def make_mailer(settings: Settings) -> Mailer:
    """What delivers mails: the mail server that the settings name, or a folder."""
    if not settings.smtp_url:
        return FolderMailer(settings.mail_path, sender=settings.mail_from)
    smtp = importlib.import_module("tidework.mail.smtp").SmtpMailer
    mailer: Mailer = smtp(smtp_address(settings.smtp_url), sender=settings.mail_from)
    return mailer


class Shared(NamedTuple):
    """What all copies share through Redis; nothing without one."""

    redis: "RedisConnection | None" = None
    buckets: Buckets | None = None
    answers: SecondTier | None = None


def make_shared(settings: Settings) -> Shared:
    """What the copies share, not connected."""
    if not settings.redis_url:
        return Shared()
    redis = importlib.import_module("tidework.cache.redis").RedisConnection(settings.redis_url)
    buckets = importlib.import_module("tidework.cache.redis_buckets").RedisBuckets
    entries = importlib.import_module("tidework.cache.redis_entries").RedisEntries
    return Shared(redis, buckets(redis, MemoryBuckets()), SecondTier(entries(redis), __version__))


def make_carrier(settings: Settings, store: Store, shared: Shared) -> Carrier:
    """What carries wake-ups between processes, not started; `store` is the bare one."""
    if settings.database_path is not None:
        return SqliteCarrier(settings.database_path)
    if shared.redis is not None:
        module = importlib.import_module("tidework.bus.wakeups_redis")
        carrier: Carrier = module.RedisCarrier(shared.redis)
        return carrier
    assert isinstance(store, PostgresStore)
    return PostgresCarrier(store.primary)


class _Accounts(NamedTuple):
    """Who somebody is, and how they prove it."""

    keys: KeySet
    access_tokens: AccessTokens
    passwords: Passwords
    throttle: Throttle
    users: UserService
    resets: Resets
    auth: AuthService


def _accounts(
    settings: Settings, store: Store, buckets: Buckets | None, followups: Followups
) -> _Accounts:
    if settings.signing_keys_file is not None:
        keys = KeySet.from_file(settings.signing_keys_file)
    else:
        keys = KeySet.load_or_create(settings.keys_path)
    access_tokens = AccessTokens(keys, settings.public_url, settings.access_token_seconds)
    passwords = Passwords()
    limits = settings.rate_limits
    throttle = Throttle(buckets, pair=limits.login, enabled=limits.enabled)
    users = UserService(store, followups)
    resets = Resets(
        store,
        users,
        throttle,
        public_url=settings.public_url,
        registration=settings.registration,
        secret_of=keys.derive,
    )
    auth = AuthService(
        store,
        users,
        passwords,
        access_tokens,
        throttle,
        resets,
        registration=settings.registration,
        session_lifetime_s=settings.session_days * 86400,
    )
    return _Accounts(keys, access_tokens, passwords, throttle, users, resets, auth)


def compose(settings: Settings, store: Store, buckets: Buckets | None = None) -> Services:
    """Put the services together. Raises `auth.keys.KeyFileError`.

    `buckets` are where failed log-ins are counted, the process's own if None.
    """
    followups, audit = Followups(store), AuditLog(store)
    keys, access_tokens, passwords, throttle, users, resets, auth = _accounts(
        settings, store, buckets, followups
    )
    answers = answers_of(store)
    jobs, analytics = Jobs(store), AnalyticsService(store)
    workspaces = WorkspaceService(store, users, followups)
    workspaces.invitations = resets
    closing = Closing(store, users, followups, audit, workspaces, auth)
    post = Post(make_mailer(settings))
    notifications = Notifications(store, users, settings.public_url)
    unsubscribe = notifications.unsubscribing.address
    reports = Reports(settings, store, users, analytics, jobs)
    tasks, outgoing = TaskService(store, answers), Outgoing(settings.outgoing_allow)
    services = Services(
        settings=settings,
        store=store,
        keys=keys,
        access_tokens=access_tokens,
        passwords=passwords,
        users=users,
        audit=audit,
        post=post,
        resets=resets,
        confirmations=Confirmations(store, users, throttle, keys.derive),
        auth=auth,
        api_tokens=ApiTokens(store),
        closing=closing,
        admins=AdminService(store, users, audit, auth, closing),
        workspaces=workspaces,
        projects=ItemService(store, "project", answers),
        labels=ItemService(store, "label", answers),
        tasks=tasks,
        comments=CommentService(store, answers),
        relations=RelationService(store, answers),
        log=LogService(store, answers),
        stats=StatsService(store, answers),
        analytics=analytics,
        bulk=BulkService(store, jobs),
        reports=reports,
        exchange=Exchange(settings, store, users, workspaces, reports, jobs),
        followups=followups,
        jobs=jobs,
        consumers=[],
        notifications=notifications,
        channels=Channels(settings, store, users, post, unsubscribe, outgoing, keys.derive),
        outgoing=outgoing,
        webhooks=Webhooks(store, outgoing, tasks.get),
    )
    attach(services)
    return services


async def finish(services: Services) -> None:
    """End what the services still do, then the store."""
    await services.post.close()
    services.reports.close()
    services.passwords.close()
    await services.store.close()


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """The services, for the time of a command. Raises what `Store.start` raises."""
    wakeups = Wakeups()
    store = make_store(settings, wakeups)
    await store.start()
    services = compose(settings, store)
    shared = make_shared(settings)
    if shared.redis is not None:
        await shared.redis.start()
    wakeups.carrier = make_carrier(settings, store, shared)
    await wakeups.start()
    try:
        yield services
    finally:
        await wakeups.close()
        if shared.redis is not None:
            await shared.redis.close()
        await finish(services)
