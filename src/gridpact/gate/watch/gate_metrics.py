"""Metrics of a gate for Prometheus: what its processes count, and what its database says."""

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_clock import GateClock
from gridpact.gate.store.gate_tables import JOB, LOG_HEAD, PUBLICATION, SEAL, SESSION, SUBMISSION
from gridpact.gate.watch.counting_folder import COUNTING_VARIABLE
from gridpact.gate.watch.worker_signs import workers_alive

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0)
REQUESTS = Counter(
    "gridpact_gate_requests", "Requests that were answered.", ("method", "route", "status"), registry=None
)
REQUEST_SECONDS = Histogram(
    "gridpact_gate_request_seconds",
    "From the head of a request to its answer.",
    ("route",),
    buckets=_SECONDS,
    registry=None,
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Counts a request that was answered."""
    requests, of_seconds = _counted(method, route, status)
    requests.inc()
    of_seconds.observe(seconds)


@lru_cache(maxsize=1024)
def _counted(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(route)


def metrics_text(database: Database, clock: GateClock) -> bytes:
    """All metrics in the text format of Prometheus."""
    registry = CollectorRegistry()
    if COUNTING_VARIABLE in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(REQUEST_SECONDS)
    registry.register(_OfDatabase(database, clock))
    return bytes(generate_latest(registry))


class _OfDatabase:
    """What the database says, asked for when the metrics are."""

    def __init__(self, database: Database, clock: GateClock) -> None:
        self._database, self._clock = database, clock

    def collect(self) -> Iterator[Any]:
        """The metrics; of a database that does not answer, only that it does not."""
        try:
            values, jobs = self._values()
        except SQLAlchemyError:
            yield _gauge("database_up", "Whether the database answers.", 0)
            return
        yield _gauge("database_up", "Whether the database answers.", 1)
        for name, (said, value) in values.items():
            yield _gauge(name, said, value)
        family = GaugeMetricFamily("gridpact_gate_jobs", "Sealed sessions by state.", labels=["state"])
        for state, count in jobs.items():
            family.add_metric([state], count)
        yield family

    def _values(self) -> tuple[dict[str, tuple[str, float]], dict[str, int]]:
        """Meaning and value of each figure of the database, and how many jobs there are in each state."""
        now = self._clock()
        is_open = (SESSION.c.opens_at <= now) & (now < SESSION.c.closes_at) & SESSION.c.cancelled_at.is_(None)
        waits = (SESSION.c.closes_at <= now) & SESSION.c.cancelled_at.is_(None) & SEAL.c.session.is_(None)
        with self._database.reading() as connection:

            def count(query: Any) -> int:
                return int(connection.execute(query).scalar() or 0)

            unsealed = select(func.count()).select_from(
                SESSION.outerjoin(SEAL, SEAL.c.session == SESSION.c.session)
            )
            values = {
                "log_entries": ("Entries of the log.", count(select(LOG_HEAD.c.sequence))),
                "submissions": (
                    "Submissions that are stored.",
                    count(select(func.count()).select_from(SUBMISSION)),
                ),
                "sessions_open": (
                    "Sessions whose gate is open.",
                    count(select(func.count()).select_from(SESSION).where(is_open)),
                ),
                "sessions_unsealed": (
                    "Sessions whose gate has closed, and that are not sealed.",
                    count(unsealed.where(waits)),
                ),
                "sessions_published": (
                    "Sessions that are published.",
                    count(select(func.count()).select_from(PUBLICATION)),
                ),
                "workers": ("Clearing workers that were heard of lately.", workers_alive(connection, now)),
                "clock_ahead_seconds": (
                    "How far the clock of the database is ahead of this machine's.",
                    self._clock.ahead / 1e6,
                ),
            }
            states = connection.execute(select(JOB.c.state, func.count()).group_by(JOB.c.state)).all()
            return values, {str(state): int(number) for state, number in states}


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gridpact_gate_{name}", said, value=value)
