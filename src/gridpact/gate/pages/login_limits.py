"""LoginLimits: how often a password may be tried, of a user, from an address."""

from math import ceil

from starlette.requests import Request

from gridpact.gate.api.rate_limit import RateLimit
from gridpact.gate.words.refused import Refused

PAIR_SECONDS, PAIR_AT_ONCE = 30.0, 5.0
USER_SECONDS, USER_AT_ONCE = 10.0, 50.0
ADDRESS_SECONDS, ADDRESS_AT_ONCE = 2.0, 40.0


class LoginLimits:
    """Tries of a user from one address, of a user from all, and of an address for all users."""

    def __init__(self) -> None:
        self._pairs = RateLimit(1 / PAIR_SECONDS, PAIR_AT_ONCE)
        self._users = RateLimit(1 / USER_SECONDS, USER_AT_ONCE)
        self._addresses = RateLimit(1 / ADDRESS_SECONDS, ADDRESS_AT_ONCE)

    def need_try(self, user: str, address: str) -> None:
        """Takes a try.

        Raises:
            Refused: 429, there have been too many; before the password is looked at, right or wrong.
        """
        self.need_way(address)
        _refuse(self._pairs.wait_seconds(f"{address} {user}"))
        _refuse(self._users.wait_seconds(user))

    def need_way(self, address: str) -> None:
        """Takes a try of an address for whom it may be.

        Raises:
            Refused: 429, there have been too many.
        """
        _refuse(self._addresses.wait_seconds(address))


def _refuse(wait: float) -> None:
    if wait:
        seconds = ceil(wait)
        headers = {"Retry-After": str(seconds)}
        raise Refused(429, "too-many-tries", f"Try again in {seconds} s.", headers=headers)


def limits_of(request: Request) -> LoginLimits:
    """The limits of this serving process."""
    state = request.app.state
    if not hasattr(state, "login_limits"):
        state.login_limits = LoginLimits()
    found: LoginLimits = state.login_limits
    return found
