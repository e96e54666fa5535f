"""What reports are made of, put together for the composition root."""

from tidework.analytics.api import Analytics
from tidework.bus.jobs import Jobs
from tidework.files.database import DatabaseFiles
from tidework.files.folder import FolderFiles
from tidework.files.protocol import Files
from tidework.reports.making import Maker
from tidework.reports.schedules import ScheduleService
from tidework.reports.service import ReportService
from tidework.reports.sources import Sources
from tidework.settings import Settings
from tidework.store.protocol import Store
from tidework.users.api import Users


class Reports:
    """Reports: the services for routes, the `files`, and the jobs behind them."""

    def __init__(
        self, settings: Settings, store: Store, users: Users, analytics: Analytics, jobs: Jobs
    ) -> None:
        self.files = make_files(settings, store)
        sources = Sources(store, users, analytics)
        self.maker = Maker(
            store,
            users,
            self.files,
            sources,
            max_bytes=settings.max_report_bytes,
            public_url=settings.public_url,
        )
        self.schedules = ScheduleService(store, users, sources)
        self.service = ReportService(store, jobs, self.files, users, sources, settings.public_url)

    def begin(self, jobs: Jobs) -> None:
        """Let `jobs` do what reports need."""
        self.maker.register(jobs)
        self.schedules.begin(jobs)

    def close(self) -> None:
        """End what runs in threads."""
        self.maker.close()


def make_files(settings: Settings, store: Store) -> Files:
    """Where the settings say that files are kept."""
    in_folder = settings.files == "folder" or (
        settings.files == "auto" and settings.database_path is not None
    )
    return FolderFiles(settings.files_path) if in_folder else DatabaseFiles(store)
