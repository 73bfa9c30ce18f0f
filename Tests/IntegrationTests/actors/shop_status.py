"""A status as a busy shop has it: for pictures of the page, and for what no test can bring about at once."""

import math
from typing import Any

LOST = {"invalid": 0, "denied": 0, "timeout": 0, "canceled": 0, "unavailable": 0, "too_large": 0, "error": 0}


def procedure(uri: str, target: str, calls: int, rate: float, p50: float, p99: float, running: int = 0,
              reason: str | None = None, **failed: int) -> dict[str, Any]:
    return {
        "uri": uri, "target": target, "place": "sidecar.yaml:12:3", "state": "faulty" if reason else "works",
        "reason": reason, "calls": calls, "in_progress": running, "per_second": rate, "p50_seconds": p50 or None,
        "p99_seconds": p99 or None, "results": {"ok": calls - running - sum(failed.values())} | LOST | failed}


def subscription(topic: str, target: str, events: int, rate: float, p50: float, p99: float, waiting: int = 0,
                 oldest: float | None = None, dead: int = 0) -> dict[str, Any]:
    return {
        "topic": topic, "target": target, "place": "sidecar.yaml:40:3", "state": "works", "reason": None,
        "events": events, "waiting": waiting, "in_progress": 0, "oldest_seconds": oldest, "per_second": rate,
        "p50_seconds": p50, "p99_seconds": p99, "results": {"done": events - waiting - dead, "dead": dead, "lost": 0}}


def curve(base: float, swing: float, noise: float) -> list[float]:
    """120 numbers like those of a day's trade, the same each time."""
    return [max(0.0, base + swing * math.sin(index / 17) + noise * math.sin(index * 2.3) * math.cos(index * 0.7))
            for index in range(120)]


def shop_status() -> dict[str, Any]:
    gone = "function shop.refund(jsonb) does not exist; create it, or correct the mapping"
    return {
        "version": 1, "ready": True, "state": "ready", "reasons": [], "other_faults": 0,
        "faults": [{"name": "procedure 'com.shop.order.refund'", "reason": gone}],
        "sidecar": {"version": "0.2.0", "uptime_seconds": 273_120},
        "router": {"state": "joined", "url": "wss://router.shop.example/ws", "realm": "shop", "session": 81,
                   "reason": None, "for_seconds": 98_530.0},
        "database": {"state": "available", "listening": True, "interface": True, "reason": None,
                     "for_seconds": 273_118.0, "queue": {"waiting": 0, "limit": 1000}, "connections": {
                         "calls": {"open": 8, "busy": 3, "limit": 8}, "guests": {"open": 0, "busy": 0, "limit": 8}}},
        "leadership": {"role": "leader", "holder": None, "for_seconds": 98_528.0},
        "outbox": {"waiting": 3, "oldest_seconds": 0.4, "held_topics": 0, "waiting_seconds": None},
        "dead_letters": {"event": 2, "publish": 0, "oldest_seconds": 7_900.0},
        "call_port": {"listening": True, "sessions": 6, "limit": 500},
        "event_loop": {"delay_seconds": 0.0003},
        "load": {"interval_seconds": 5, "calls_per_second": curve(310, 90, 40), "events_per_second": curve(42, 14, 9)},
        "other_procedures": 0, "other_subscriptions": 0,
        "procedures": [
            procedure("com.shop.cart.get", "shop.cart_get", 18_204_113, 161.2, 0.0006, 0.0031, 1, timeout=12),
            procedure("com.shop.order.get", "shop.order_get", 6_551_820, 94.7, 0.0008, 0.0044),
            procedure("com.shop.order.place", "shop.order_place", 402_377, 11.3, 0.0042, 0.038, 2, invalid=214,
                      error=3),
            procedure("com.shop.order.refund", "shop.refund", 0, 0, 0, 0, reason=gone),
            procedure("com.shop.report.daily", "shop.report_daily", 76, 0.02, 1.12, 4.6, 1),
            procedure("com.shop.stock..count", "shop.stock_count", 3_011_542, 48.1, 0.0005, 0.0022),
        ],
        "subscriptions": [
            subscription("com.shop.payment.received", "shop.take_payment", 377_916, 9.8, 0.0051, 0.047, 4, 0.6, 2),
            subscription("com.shop.stock.changed", "shop.note_stock", 1_288_410, 31.5, 0.0011, 0.0062),
        ],
    }
