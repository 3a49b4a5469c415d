"""How many events a client may send."""

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """So many events at once, refilled at a rate. Time is passed in."""

    rate: float
    burst: int
    tokens: float
    at: float

    @classmethod
    def full(cls, rate: float, burst: int, now: float) -> "TokenBucket":
        """One that nothing was taken from."""
        return cls(rate, burst, burst, now)

    def take(self, count: int, now: float) -> float:
        """Take so many tokens and return 0, or take none and return the seconds until they would be there.

        More than the whole burst is given when the bucket is full, as a debt: a batch is late, never impossible.
        """
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        needed = min(count, self.burst)
        if self.tokens < needed:
            return (needed - self.tokens) / self.rate
        self.tokens -= count
        return 0.0
