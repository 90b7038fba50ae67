"""WebhookSender: sends what is there for webhooks, each at least once and in its order, several at a time."""

import logging
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread
from time import monotonic

from gridpact.gate.access.visibility import concerns
from gridpact.gate.access.visitor import visitor_of_key
from gridpact.gate.events.event_source import EventPage, events_after
from gridpact.gate.events.gate_event import GateEvent
from gridpact.gate.log.jws import detached, sign_compact
from gridpact.gate.store.database import OUTAGES
from gridpact.gate.store.gate_home import Gate
from gridpact.gate.watch.json_log import say
from gridpact.gate.webhooks.post_webhook import post_webhook
from gridpact.gate.webhooks.webhook_leases import (
    HeldWebhook,
    claim_webhooks,
    disable,
    note_failure,
    store_outcome,
)
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import Refused
from gridpact.version import __version__

AT_ONCE = 16
POLL_SECONDS, AWAY_SECONDS = 0.3, 2.0
TURN_SECONDS = 20.0  # after which a webhook gives way to others
NO_KEY = "its key is not in force any more"
Post = Callable[..., str]


class WebhookSender:
    """The sending of webhooks in one worker.

    Args:
        gate: whose webhooks they are.
        worker: its name, by which its leases are released once it is dead.
        post: that sends one.
    """

    def __init__(self, gate: Gate, worker: str, post: Post = post_webhook) -> None:
        self._gate, self._worker, self._post = gate, worker, post
        self._name = ""
        self._running: set[Thread] = set()  # None of them is waited for when the process ends.

    def send_until(self, ended: Event) -> None:
        """Sends what there is until it is to end."""
        while not ended.is_set():
            try:
                taken = self.send_some()
            except OUTAGES as error:
                say("webhooks could not be sent", level=logging.ERROR, error=error, worker=self._worker)
                ended.wait(AWAY_SECONDS)
                continue
            if not taken:
                ended.wait(POLL_SECONDS)

    def send_some(self, *, waits: bool = False) -> int:
        """Begins to send webhooks that are due, as many as there is room for, and gives their number."""
        self._name = self._name or self._gate.name
        self._running = {each for each in self._running if each.is_alive()}
        room = AT_ONCE - len(self._running)
        if room == 0:
            return 0
        held = claim_webhooks(self._gate.database, self._gate.clock(), self._worker, room)
        begun = [Thread(target=self._send, args=(each,), name="webhook", daemon=True) for each in held]
        self._running |= set(begun)
        for thread in begun:
            thread.start()
        for thread in begun if waits else ():
            thread.join()
        return len(held)

    def _send(self, held: HeldWebhook) -> None:
        """Sends a webhook all that is there for it, as long as it has its turn."""
        try:
            end, has_more = monotonic() + TURN_SECONDS, True
            while has_more and monotonic() < end:
                held, has_more = self._send_page(held, end)
            if has_more:
                store_outcome(self._gate.database, held, lease_until=0)
        except OUTAGES as error:  # Its lease ends, and it is sent again.
            say("webhook could not be sent", level=logging.ERROR, error=error, worker=self._worker)

    def _send_page(self, held: HeldWebhook, end: float) -> tuple[HeldWebhook, bool]:
        """Sends some events, and gives the webhook with its new position, and whether to go on."""
        gate = self._gate
        try:
            page, told = self._page(held)
        except Refused:
            disable(gate.database, held, NO_KEY, gate.clock())
            return held, False
        for event in told:
            if monotonic() > end:  # The next turn begins with this one.
                store_outcome(gate.database, held, position=held.position, lease_until=0)
                return held, False
            if problem := self._sent(held, event):
                self._fail(held, problem)
                return held, False
            held = replace(held, position=event.sequence, failures=0)
            store_outcome(gate.database, held, position=held.position, failures=0, problem="", due_at=0)
        held = replace(held, position=page.until)
        lease = {"lease_until": 0} if page.is_last else {}
        store_outcome(gate.database, held, position=held.position, **lease)
        return held, not page.is_last

    def _page(self, held: HeldWebhook) -> tuple[EventPage, list[GateEvent]]:
        """The next events of the log, and those of them that are for a webhook.

        Raises:
            Refused: its key is not in force any more.
        """
        with self._gate.database.reading() as connection:
            page = events_after(connection, held.position)
            who = visitor_of_key(connection, held.key_sha256, self._gate.clock())
        wanted = (event for event in page.events if event.kind in held.events)
        return page, [event for event in wanted if concerns(who, event.audience)]

    def _sent(self, held: HeldWebhook, event: GateEvent) -> str:
        """Sends one event, and gives what went wrong."""
        number = str(event.sequence)
        said = {"gate": self._name, "webhook": held.webhook, "id": number, "event": event.kind}
        body = compact_json({**said, "data": event.facts}).encode()
        claims = {"aud": held.url, "sub": number}
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"gridpact/{__version__}",
            "JWS-Signature": detached(sign_compact(body, self._gate.private, claims)),
        }
        permits = self._gate.settings.private_webhooks
        return self._post(held.url, body, headers, permits_private=permits)

    def _fail(self, held: HeldWebhook, problem: str) -> None:
        settings = self._gate.settings
        note_failure(
            self._gate.database,
            held,
            problem,
            self._gate.clock(),
            pause_seconds=settings.webhook_retry_seconds,
            failures_max=settings.webhook_failures_max,
        )
