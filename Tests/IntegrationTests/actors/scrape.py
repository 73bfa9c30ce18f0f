"""What Prometheus sees of a sidecar: its scrapes, read by Prometheus' own client library."""

import asyncio
import http.client
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client import parser as prometheus
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@dataclass
class Scrape:
    """One answer, taken apart."""

    content_type: str
    text: str
    families: dict[str, Metric] = field(default_factory=dict)

    def __post_init__(self) -> None:
        is_open = self.content_type.startswith("application/openmetrics-text")
        read = openmetrics.text_string_to_metric_families if is_open else prometheus.text_string_to_metric_families
        for family in read(self.text):
            assert family.name not in self.families, f"{family.name} is there twice"
            self.families[family.name] = family
            series = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
            assert len(series) == len(set(series)), f"{family.name} has a sample twice"

    def samples(self, name: str, **labels: str) -> list[float]:
        """The values of all samples of that name with at least those labels; without the prefix `wamp_sidecar_`."""
        name = name if name.startswith("process_") else f"wamp_sidecar_{name}"
        return [
            sample.value for family in self.families.values() for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def sum(self, name: str, **labels: str) -> float:
        """All of them together; there has to be one."""
        values = self.samples(name, **labels)
        assert values, f"no {name} with {labels}"
        return sum(values)

    def names(self) -> set[str]:
        """The names of all samples, and of families without one."""
        names = {sample.name for family in self.families.values() for sample in family.samples}
        empty = {
            f"{family.name}_total" if family.type == "counter" else family.name
            for family in self.families.values() if not family.samples
        }
        return names | empty

    def labels(self, name: str, label: str) -> set[str]:
        """The values of a label."""
        return {
            sample.labels[label] for family in self.families.values() for sample in family.samples
            if sample.name == f"wamp_sidecar_{name}" and label in sample.labels
        }

    def missing(self) -> list[str]:
        """Where something came that has no end and is not under way, or has two ends."""
        laws: list[tuple[str, Iterable[str], dict[str, str]]] = [
            ("calls_received_total", ("calls_total", "calls_in_progress"), {}),
            ("outbox_read_total", ("outbox_acknowledged_total", "outbox_refused_total", "outbox_unanswered_total",
                                   "outbox_in_progress"), {}),
            ("caller_calls_received_total", ("caller_calls_total", "caller_calls_in_progress"), {}),
        ]
        for topic in self.labels("events_received_total", "subscription"):
            laws.append(("events_received_total", ("events_done_total", "events_dead_total", "events_lost_total",
                                                   "events_waiting", "events_in_progress"), {"subscription": topic}))
        for channel in self.labels("notifications_received_total", "channel"):
            laws.append(("notifications_received_total", ("notifications_relayed_total",
                "notifications_dropped_total", "notifications_waiting", "notifications_in_progress"),
                {"channel": channel}))
        return [
            f"{came}{labels}: {sum(self.samples(came, **labels))} came, and {ends} are known of"
            for came, where, labels in laws
            if sum(self.samples(came, **labels)) != (ends := sum(sum(self.samples(name, **labels)) for name in where))
        ]


class Scraper:
    """Scrapes one sidecar, on one connection."""

    def __init__(self, port: int) -> None:
        self.port = port

    def scrape(self, accept: str | None = None) -> Scrape:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/metrics", headers={"Accept": accept} if accept else {})
            answer = connection.getresponse()
            body = answer.read().decode()
            assert answer.status == 200, f"{answer.status}: {body}"
            return Scrape(answer.headers["Content-Type"], body)
        finally:
            connection.close()

    async def scraped(self, accept: str | None = None) -> Scrape:
        """`scrape` for tests on whose event loop a peer runs. What came is under way, or has an end."""
        scrape = await asyncio.to_thread(self.scrape, accept)
        assert scrape.missing() == []
        return scrape
