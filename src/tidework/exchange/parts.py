"""What imports and exports are made of, put together for the composition root."""

from tidework.bus.jobs import Jobs
from tidework.exchange.exporting import Exporter
from tidework.exchange.exports import ExportService
from tidework.exchange.importing import Importer
from tidework.exchange.imports import ImportService
from tidework.exchange.undoing import ImportUndoer
from tidework.http.uploads import Uploads
from tidework.reports.parts import Reports
from tidework.settings import Settings
from tidework.store.protocol import Store
from tidework.users.api import Users
from tidework.workspaces.api import Workspaces


class Exchange:
    """Imports and exports: the services for routes, and the jobs behind them."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        users: Users,
        workspaces: Workspaces,
        reports: Reports,
        jobs: Jobs,
    ) -> None:
        files = reports.files
        self._importer = Importer(store, users, workspaces, files)
        self._undoer = ImportUndoer(store)
        self._exporter = Exporter(store, users, files, settings.max_report_bytes)
        self.imports = ImportService(store, jobs, files)
        self.exports = ExportService(store, jobs, files, settings.public_url)
        self.uploads = Uploads(files.spool, settings.max_import_bytes)
        reports.service.elsewhere.append(self.exports.file)

    def begin(self, jobs: Jobs) -> None:
        """Let `jobs` import, undo imports, and export."""
        self._importer.register(jobs)
        self._undoer.register(jobs)
        self._exporter.register(jobs)
