"""What Prometheus may know: counts and times, no names and no glucose."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bloodtwin_core.serving.outlook import Outlook

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "bloodtwin_request_seconds",
            "Time to the first byte of an answer",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._outlooks = Counter(
            "bloodtwin_outlooks", "Outlooks that something new brought", ["result"], registry=self._registry
        )
        self._doubts = Counter("bloodtwin_doubts", "Doubts of forecasts", ["reason"], registry=self._registry)

    def gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Let a number be looked up whenever somebody asks."""
        Gauge(f"bloodtwin_{name}", about, registry=self._registry).set_function(value)

    def count_outlook(self, outlook: Outlook) -> None:
        """Count an outlook by what came of it: `forecast`, or the reason why there was none."""
        self._outlooks.labels("forecast" if outlook.forecast else outlook.refusals[0].reason.value).inc()
        for doubt in outlook.doubts:
            self._doubts.labels(doubt.reason.value).inc()

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request by its route, not by its path."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self._registry)
