"""One run: every part in turn, each adding its section to the report."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import (
    caches,
    ceiling,
    curves,
    digest,
    events,
    express,
    growth,
    idle,
    imports,
    live,
    load,
    machine,
    pocketbase,
    postgres,
    startup,
    steady,
    texts,
    workers,
)
from bench.client import BenchError
from bench.load import Load
from bench.model import Server, scenarios
from bench.options import Options
from bench.rates import Rates
from bench.report import Report
from bench.tidework import Installation, Tidework, seed

POSTGRES = ("express", "postgres", "uncached")
COUNTS, FEW_COUNTS = (1, 4, 16, 32, 64, 128, 256), (4, 32, 128)
OFFERED, FEW_OFFERED = (250, 500, 1000, 1500, 2000, 3000, 4000), (500, 1500, 3000)
# A worker holds 16,384 connections.
IDLE_WORKERS = 2
LIVE_RATE = 500
FEW_PEOPLE = 2_000


class Run:
    """Servers are started once for all parts that ask them."""

    def __init__(self, folder: Path, options: Options, report: Report, stack: ExitStack) -> None:
        self._folder = folder
        self._options = options
        self._report = report
        self._stack = stack
        self._load = Load(folder / "requests")
        self._texts = texts.load(options.data)
        self._scenarios = scenarios()
        self._database: postgres.Postgres | None = None
        self._sqlite: Installation | None = None
        self._store: Installation | None = None
        self._workers = options.workers[0]

    def __call__(self) -> None:
        """Measure."""
        options, report = self._options, self._report
        if set(POSTGRES) & set(options.only):
            if postgres.find():
                self._database = self._stack.enter_context(postgres.served())
                report.machine["PostgreSQL"] = f"{self._database.version}, its defaults"
            else:
                report.skipped.append("PostgreSQL (no server programs here; `make services`)")
        if options.has("load", "ceiling", "curves", "steady", "idle", "live"):
            self._loads()
        if self._database and "postgres" in options.only and options.has("growth"):
            with self._timed("growth"):
                self._growth(self._database)
        if options.has("startup"):
            with self._timed("start-up"):
                self._startups()
        if options.has("import"):
            with self._timed("import"):
                self._imports()
        if options.has("digest"):
            with self._timed("digests"):
                self._digests()
        if options.has("events"):
            with self._timed("events"):
                self._events()

    # --- what asks the same servers -------------------------------------------------------------

    def _loads(self) -> None:
        options, report = self._options, self._report
        load.program()
        users, tasks = options.users, options.tasks
        report.seeded = f"{users} users with {tasks} tasks each, texts {self._texts.origin}"
        report.machine["wrk"] = machine.wrk_version()
        with ExitStack() as stack:
            servers = {server.key: server for server in self._servers(stack)}
            for server in servers.values():
                report.machine.update(server.versions())
            if options.has("load"):
                with self._timed("load"):
                    self._rates(list(servers.values()))
            if options.has("ceiling") and "uncached" in servers:
                with self._timed("ceiling"):
                    self._ceiling(servers["uncached"])
            if options.has("curves"):
                with self._timed("connections"):
                    self._curves(list(servers.values()))
            ours = servers.get("postgres") or servers.get("sqlite")
            if options.has("steady") and isinstance(ours, Tidework):
                with self._timed("offered load"):
                    self._steady(ours)
        installation = self._store or self._sqlite
        if options.has("idle") and installation:
            with self._timed("idle clients"):
                self._idle(installation)
        if options.has("live") and installation:
            with self._timed("open streams"):
                self._live(installation)

    def _servers(self, stack: ExitStack) -> Iterator[Server]:
        """Seed and start what is to be measured, the workers that do most included."""
        only, users, tasks = self._options.only, self._options.users, self._options.tasks
        stock, database = self._texts, self._database
        if "pocketbase" in only:
            with self._timed("seeding PocketBase"):
                place = self._folder / "pocketbase"
                yield stack.enter_context(pocketbase.served(place, stock, users, tasks))
        if "express" in only and database and self._has_express():
            with self._timed("seeding Express"):
                url, place = database.create_database("express"), self._folder / "express"
                served = express.served(place, stock, users, tasks, url, database.child)
                yield stack.enter_context(served)
        if "sqlite" in only:
            with self._timed("seeding Tidework on SQLite"):
                self._sqlite = Installation(self._folder / "tidework")
                seed(self._sqlite, stock, users, tasks)
            yield stack.enter_context(self._sqlite.serve("sqlite", "Tidework, SQLite"))
        if database and {"postgres", "uncached"} & set(only):
            with self._timed("seeding Tidework on PostgreSQL"):
                url = database.create_database("load")
                store = Installation(self._folder / "tidework-postgres", url, database.child)
                made = growth.begin(store, stock, users, tasks)
                growth.multiply(store, users // made - 1)
            self._store = store
            self._choose_workers(store)
            yield from self._on_postgres(stack, store)

    def _has_express(self) -> bool:
        try:
            express.install()
        except BenchError as error:
            reason = str(error).splitlines()[0]
            self._report.skipped.append(f"Express ({reason})")
            return False
        return True

    def _choose_workers(self, store: Installation) -> None:
        counts = self._options.workers
        if len(counts) > 1:
            with self._timed("workers"):
                found = workers.measure(
                    self._load, store, self._scenarios["mix"], counts,
                    rounds=2, seconds=min(2, self._options.seconds),
                )  # fmt: skip
            self._report.sections.append(found)
            self._workers = found.best
        self._report.machine["workers on PostgreSQL"] = str(self._workers)

    def _on_postgres(self, stack: ExitStack, store: Installation) -> Iterator[Server]:
        count, only = self._workers, self._options.only
        if "postgres" in only:
            title = "Tidework, PostgreSQL"
            yield stack.enter_context(store.serve("postgres", title, workers=count, metrics=True))
        if "uncached" in only:
            title = "Tidework, PostgreSQL, cache off"
            yield stack.enter_context(
                store.serve("uncached", title, workers=count, settings=growth.UNCACHED)
            )

    def _rates(self, servers: Sequence[Server]) -> None:
        options = self._options
        chosen = [self._scenarios[name] for name in options.scenarios]
        titles = {server.key: server.title for server in servers}
        section = Rates(chosen, titles, options.rounds, options.seconds)
        self._report.sections.append(section)
        for scenario in chosen:
            asked = [server for server in servers if scenario.is_for(server.key)]
            watched = next((one for one in asked if isinstance(one, Tidework)
                            and one.metrics_port and scenario.name == "read-heavy"), None)  # fmt: skip
            before = caches.scrape(watched) if watched else caches.Samples()
            found = self._load.in_turns(
                scenario, asked, rounds=options.rounds, seconds=options.seconds
            )
            if watched:
                samples = caches.difference(before, caches.scrape(watched))
                part = caches.Caches(scenario.name, scenario.title, samples)
                self._report.sections.append(part)
            section.results += found
            rates = ", ".join(f"{titles[one.server]} {one.rate:,.0f}/s" for one in found)
            say(f"{scenario.title}: {rates}")
        for server in servers:
            section.memory[server.key] = server.children[0].memory().rss / 1e6

    def _ceiling(self, server: Server) -> None:
        assert self._database
        assert self._store
        assert self._store.database_url
        seconds = max(ceiling.LEAST_SECONDS, self._options.seconds)
        scenarios_ = [self._scenarios[name] for name in ceiling.STATEMENTS]
        count = scenarios_[0].connections
        found = ceiling.measure(
            self._folder / "pgbench", self._database, self._store.database_url,
            self._store.accounts, connections=count, seconds=seconds,
        )  # fmt: skip
        # Right after it, under the same circumstances.
        results = {
            one.name: self._load.in_turns(one, [server], rounds=1, seconds=seconds)[0]
            for one in scenarios_
        }
        self._report.sections.append(ceiling.Ceiling(count, seconds, found, results))

    def _curves(self, servers: Sequence[Server]) -> None:
        quick = self._options.quick
        names = ("pocketbase", "express", "postgres")
        asked = [server for server in servers if server.key in names]
        chosen = [self._scenarios[name] for name in ("list", "mix")]
        counts = FEW_COUNTS if quick else COUNTS
        seconds = min(2, self._options.seconds)
        self._report.sections.append(curves.measure(self._load, chosen, asked, counts, seconds))

    def _steady(self, server: Tidework) -> None:
        if steady.program() is None:
            self._report.skipped.append("offered load (k6 is missing here; `make bench`)")
            return
        quick, mix = self._options.quick, self._scenarios["mix"]
        rates, seconds = (FEW_OFFERED, 2) if quick else (OFFERED, 5)
        found = steady.measure(self._folder, server, mix.mix, mix.title, rates, seconds)
        self._report.sections.append(found)

    def _idle(self, installation: Installation) -> None:
        wanted = idle.possible(self._options.clients)
        if wanted < self._options.clients:
            self._report.skipped.append(f"idle clients past {wanted:,} (limit of open files)")
        count = max(IDLE_WORKERS, self._workers) if installation.database_url else 1
        with installation.serve("idle", "Tidework", workers=count) as server:
            held = idle.measure(server, wanted, 2 if self._options.quick else 15)
        on = "PostgreSQL" if installation.database_url else "SQLite"
        self._report.sections.append(idle.Idle(f"Tidework, {on}", count, held))

    def _live(self, installation: Installation) -> None:
        # Its own end and ours: a stream takes two descriptors, of two processes.
        wanted = idle.possible(self._options.clients)
        if wanted < self._options.clients:
            self._report.skipped.append(f"open streams past {wanted:,} (limit of open files)")
        count = self._workers if installation.database_url else 1
        with installation.serve(
            "live", "Tidework", workers=count, settings=live.SETTINGS
        ) as server:
            found = live.measure(server, wanted, LIVE_RATE, 4 if self._options.quick else 15)
        on = "PostgreSQL" if installation.database_url else "SQLite"
        self._report.sections.append(live.Live(f"Tidework, {on}", count, found))

    # --- what has servers of its own -------------------------------------------------------------

    def _growth(self, database: postgres.Postgres) -> None:
        options = self._options
        users = growth.FEWER_USERS if options.quick else growth.MANY_USERS
        self._report.sections.append(
            growth.measure(
                self._folder, self._load, database, self._texts, users,
                rounds=options.rounds, seconds=min(2, options.seconds),
            )
        )  # fmt: skip

    def _startups(self) -> None:
        options, section = self._options, startup.Startups()
        place = self._folder / "starts"
        place.mkdir()
        if "pocketbase" in options.only:
            section.found.append(startup.of_pocketbase(place, options.starts))
        if "sqlite" in options.only:
            seeded = self._sqlite.folder if self._sqlite else None
            section.found += startup.of_tidework(place, seeded, options.starts)
        self._report.sections.append(section)

    def _imports(self) -> None:
        options, section = self._options, imports.Imports()
        file = options.data / imports.FILE
        if not file.is_file():
            missing = f"import ({imports.FILE} is not in the folder given by --data)"
            self._report.skipped.append(missing)
            return
        if "sqlite" in options.only:
            place = self._folder / "import"
            section.found.append(imports.measure(place, file, "SQLite", None))
        if self._database and options.quick:
            self._report.skipped.append("import on PostgreSQL (not in a quick run)")
        elif self._database and "postgres" in options.only:
            url = self._database.create_database("import")
            place = self._folder / "import-postgres"
            section.found.append(imports.measure(place, file, "PostgreSQL", url))
        self._report.sections.append(section)

    def _digests(self) -> None:
        people = FEW_PEOPLE if self._options.quick else digest.TARGET_PEOPLE
        found = []
        if "sqlite" in self._options.only:
            place = Installation(self._folder / "digests")
            found.append(digest.measure(place, "SQLite", people))
        if self._database and "postgres" in self._options.only:
            url = self._database.create_database("digests")
            place = Installation(self._folder / "digests-postgres", url, self._database.child)
            found.append(digest.measure(place, "PostgreSQL", people))
        self._report.sections.append(digest.Digests(found))

    def _events(self) -> None:
        if not (self._database and "postgres" in self._options.only):
            return
        place = self._folder / "events"
        place.mkdir()
        url = self._database.create_database("events")
        try:
            section = events.measure(place, url, quick=self._options.quick)
        except BenchError as error:
            self._report.skipped.append(f"events ({error})")
            return
        self._report.sections.append(section)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        say(name)
        begin = time.monotonic()
        yield
        self._report.seconds[name] = time.monotonic() - begin


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
