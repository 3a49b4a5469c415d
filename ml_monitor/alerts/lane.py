"""One channel's part of a delivery pass: batch by batch, decide, claim, send, record."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from ml_monitor.alerts.answers import AnswerLinks
from ml_monitor.alerts.causes import Cause
from ml_monitor.alerts.channels import Channel, SendResult
from ml_monitor.alerts.digest import digest, together
from ml_monitor.alerts.ledger import Ledger, Opening, Outcome
from ml_monitor.alerts.message import AlertMessage, message_from_event, title_of
from ml_monitor.alerts.policy import Decision, Delivery, DeliveryPolicy, Status, classify, decide, delivery_of, pause
from ml_monitor.alerts.report import Attempt
from ml_monitor.warehouse import Row

_log = logging.getLogger(__name__)
_CLOSING: dict[str, Status] = {"suppress": "suppressed", "give_up": "dead"}
# What a death leaves unknown is at most one batch: as many as the receiver takes in about a second.
_MOST, _MOST_IN_DIGEST = 256, 2000
# A link holds the id of every alert that it answers.
_MOST_ANSWERED = 30
_SHORT, _LONG, _TOO_LONG = 0.5, 2.0, 5.0
Claimed = list[tuple[Delivery, AlertMessage]]


class Lane:
    """Sends the due rows of one channel in order. The events of one incident are never in one batch.

    After a failure that is worth another try, the rest waits for the next pass.

    Args:
        ledger: The ledger.
        channel: Where to send.
        rows: Unfinished rows of the channel.
        policy: The policy.
        now: Monitoring clock.
        clock: Wall clock.
        say: Called with one line for each message.
        report_url: Page that the messages link to.
        answers: Makes the links with which messages are answered.
        causes: By event id, what several events have in common: a channel that people read is told of them in one message.
    """

    def __init__(
        self,
        ledger: Ledger,
        channel: Channel,
        rows: list[Row],
        policy: DeliveryPolicy,
        now: datetime,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        report_url: str | None,
        answers: AnswerLinks | None = None,
        causes: Mapping[str, Cause] | None = None,
    ) -> None:
        self._ledger = ledger
        self._channel = channel
        self._rows = rows
        self._policy = policy
        self._now = now
        self._clock = clock
        self._say = say
        self._report_url = report_url
        self._answers = answers
        self._digests: bool = getattr(channel, "digests", False)
        self._causes = (causes or {}) if self._digests else {}
        self._size = 1
        self._paused = False
        self._incidents_told_in: Mapping[str, int] = {}
        self.attempts: list[Attempt] = []
        self.unknown = self.lost = self.waiting = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing is left for this pass."""
        return not self._rows

    def step(self) -> None:
        """Deal with the next batch."""
        started = time.monotonic()
        taken = self._take()
        told = self._ledger.openings((row["incident_id"] for _, row in taken), self._channel.name)
        decided = [(*one, self._decide(*one, told.get(one[1]["incident_id"], []))) for one in taken]
        self._close([(delivery, decision) for delivery, _, decision in decided if decision.action in _CLOSING])
        due = [(delivery, row) for delivery, row, decision in decided if decision.action == "send" and not self._paused]
        self.waiting += sum(decision.action not in _CLOSING for _, _, decision in decided) - len(due)
        folded = self._folds(len(due))
        if not folded:
            cut = self._cut(due)
            self._rows[:0] = [row for _, row in due[cut:]]
            due = due[:cut]
        rows = {delivery.delivery_id: row for delivery, row in due}
        claimed = self._ledger.claim([delivery for delivery, _ in due], self._clock())
        self.lost += len(due) - len(claimed)
        self.unknown += sum(delivery.status == "sending" for delivery in claimed)
        threads = [_thread(told.get(one.incident_id, [])) for one in claimed] if self._digests else []
        self._incidents_told_in = self._ledger.incidents_told_in(filter(None, threads), self._channel.name)
        messages = [(one, self._message(one, rows[one.delivery_id], told)) for one in claimed]
        outcomes, left = self._send_folded(messages) if folded and messages else self._send_each(messages)
        self._ledger.record(outcomes, left, self._clock())
        self._give_back([rows[one.delivery_id] for one in left])
        lasted = time.monotonic() - started
        self._size = min(self._size * 2, _MOST) if lasted < _SHORT else max(self._size // 2, 1) if lasted > _LONG else self._size

    def _take(self) -> list[tuple[Delivery, Row]]:
        """The next rows, of one incident not more than one: what is told next depends on what became of the one before."""
        most = _MOST_IN_DIGEST if self._folds(len(self._rows)) else self._size
        taken: list[tuple[Delivery, Row]] = []
        left: list[Row] = []
        incidents: set[str] = set()
        causes: set[str | None] = set()
        for row in self._rows:
            belongs = self._cause(row) in causes
            if (len(taken) < most or belongs) and row["incident_id"] not in incidents:
                taken.append((delivery_of(row), row))
                causes |= {self._cause(row)} - {None}
            else:
                left.append(row)
            incidents.add(row["incident_id"])
        self._rows = left
        # What has one cause stands together.
        places: dict[str | None, int] = {}
        for place, (_, row) in enumerate(taken):
            places.setdefault(self._cause(row), place)
        order = [places[self._cause(row)] if self._cause(row) else place for place, (_, row) in enumerate(taken)]
        return [taken[place] for place in sorted(range(len(taken)), key=lambda place: (order[place], place))]

    def _cause(self, row: Row) -> str | None:
        cause = self._causes.get(row["event_id"])
        return cause.key if cause else None

    def _cut(self, due: list[tuple[Delivery, Row]]) -> int:
        """How many make a batch: what has one cause is not torn apart."""
        cut = self._size
        while (
            0 < cut < len(due)
            and self._cause(due[cut][1]) is not None
            and self._cause(due[cut][1]) == self._cause(due[cut - 1][1])
        ):
            cut += 1
        return cut

    def _folds(self, messages: int) -> bool:
        return self._digests and messages > self._policy.digest_above

    def _decide(self, delivery: Delivery, row: Row, openings: list[Opening]) -> Decision:
        statuses = [opening.status for opening in openings]
        return decide(delivery, statuses, self._policy, self._now, self._clock())

    def _close(self, ended: list[tuple[Delivery, Decision]]) -> None:
        for action, reason in sorted({(decision.action, decision.reason) for _, decision in ended}):
            status = _CLOSING[action]
            group = [delivery for delivery, decision in ended if (decision.action, decision.reason) == (action, reason)]
            self._ledger.close(group, status, reason, self._clock())
            self.attempts += [_attempt(one, one.attempts, status, error=reason) for one in group]

    def _message(self, delivery: Delivery, row: Row, told: dict[str, list[Opening]]) -> AlertMessage:
        reply_to = _thread(told.get(delivery.incident_id, []))
        answers = self._answers.of(row, title_of(row), self._clock()) if self._answers else ()
        draws = getattr(self._channel, "draws", False)
        history = self._ledger.history(row) if draws else ()
        message = message_from_event(row, delivery.delivery_id, self._report_url, reply_to, answers=answers, history=history)
        return replace(message, ends_thread=self._incidents_told_in.get(reply_to or "", 1) == 1)

    def _send_each(self, messages: Claimed) -> tuple[list[Outcome], list[Delivery]]:
        started = time.monotonic()
        # A batch that takes longer than the lease would be taken for dead.
        limit = min(_TOO_LONG, self._policy.lease.total_seconds() / 2)
        outcomes: list[Outcome] = []
        units = self._units(messages)
        for position, unit in enumerate(units):
            if self._paused or (position and time.monotonic() - started > limit):
                return outcomes, [one for left in units[position:] for one, _ in left]
            if len(unit) > 1:
                outcomes += self._send_together(unit)
            else:
                delivery, message = unit[0]
                outcomes.append(self._outcome(delivery, self._send(message)))
                self._told(outcomes[-1:], outcomes[-1].delivery.event_id)
        return outcomes, []

    def _units(self, messages: Claimed) -> list[Claimed]:
        """What is told in one message: alerts of one cause. Those that have threads of their own go on in them."""
        units: dict[tuple[str | None, str | None], Claimed] = {}
        for delivery, message in messages:
            cause = self._causes.get(message.event_id)
            key = (cause.key, message.reply_to) if cause else (None, delivery.delivery_id)
            units.setdefault(key, []).append((delivery, message))
        return list(units.values())

    def _send_together(self, unit: Claimed) -> list[Outcome]:
        messages = [message for _, message in unit]
        cause = self._causes[messages[0].event_id]
        event = {**messages[0].event, "incident_id": ",".join(one.incident_id for one in messages)}
        told = together(messages, cause)
        told = replace(told, ends_thread=self._incidents_told_in.get(told.reply_to or "", 0) == len(messages))
        if self._answers and len(unit) <= _MOST_ANSWERED:
            told = replace(told, answers=self._answers.of(event, told.title, self._clock()))
        result = self._send(told)
        outcomes = [self._outcome(delivery, result) for delivery, _ in unit]
        self._told(outcomes, f"{len(unit)} alerts from {cause.suspect.node}")
        return outcomes

    def _send_folded(self, messages: Claimed) -> tuple[list[Outcome], list[Delivery]]:
        result = self._send(digest([message for _, message in messages]))
        # Without its reference: what comes later of one alert is no answer to a digest.
        result = SendResult(result.accepted, result.response_code, result.error, result.retry_after)
        outcomes = [self._outcome(delivery, result) for delivery, _ in messages]
        self._told(outcomes, f"a digest of {len(outcomes)}")
        return outcomes, []

    def _send(self, message: AlertMessage) -> SendResult:
        try:
            return self._channel.send(message)
        except Exception as error:
            # A channel may be anybody's code, and its failure must not keep the other channels from sending.
            _log.exception("channel %s raised", self._channel.name)
            return SendResult(False, error=f"{type(error).__name__} in channel {self._channel.name}")

    def _outcome(self, delivery: Delivery, result: SendResult) -> Outcome:
        number = delivery.attempts + 1
        status = classify(result.accepted, result.response_code, number, self._policy)
        done = self._clock()
        return Outcome(
            delivery, result, status, done, done + pause(number, result.retry_after, self._policy) if status == "failed" else None
        )

    def _told(self, outcomes: list[Outcome], what: str) -> None:
        first = outcomes[0]
        self.attempts += [
            _attempt(one.delivery, one.delivery.attempts + 1, one.status, one.result.response_code, one.result.error)
            for one in outcomes
        ]
        error = f" ({first.result.error})" if first.result.error else ""
        self._say(f"{self._channel.name}: {first.status} {what}{error}")
        self._paused = self._paused or any(one.status in ("failed", "dead") for one in outcomes)

    def _give_back(self, rows: list[Row]) -> None:
        for row in rows:
            # As the ledger has it now: of a dead worker's attempt it is known that it is over.
            status = "failed" if row["status"] == "sending" else row["status"]
            row.update(status=status, claimed_at=None, next_attempt_at=None)
        self._rows[:0] = rows


def _thread(openings: list[Opening]) -> str | None:
    """The receiver's id of the first message about an incident."""
    return next((one.provider_reference for one in openings if one.status == "sent" and one.provider_reference), None)


def _attempt(
    delivery: Delivery, number: int, status: Status, response_code: int | None = None, error: str | None = None
) -> Attempt:
    return Attempt(delivery.delivery_id, delivery.event_id, delivery.channel, number, status, response_code, error)
