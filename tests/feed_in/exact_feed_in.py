"""The optimum of trades and feed-in in another formulation: feed-in as trades with a retailer at the supply.

A retailer at a bus that the supply holds draws nothing that a limit sees, so that the surplus that an
exporter may feed in is a trade with it; `ExactPeriod`, which knows nothing of gridpact, does the rest.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from gridpact.case import Case
from tests.exact import ExactPeriod, NoOptimum

HELD_SHARE = 1e-9
NARROW_KW = 1e-7


class Retailed:
    """What `ExactPeriod` looks at of a case, with feed-in as trades after its own ones."""

    def __init__(self, case: Case, net, supply: int | None = None) -> None:
        people, profiles, trades = case.participants, case.profiles, case.trades
        count, exporters = len(people), np.flatnonzero(people.exports)
        surplus_kw = np.maximum(profiles.generation_kw - profiles.load_kw, 0.0)[:, exporters]
        period, at = np.nonzero(surplus_kw > 0.0)
        whole_kw = np.full((len(surplus_kw), 1), float(surplus_kw.sum()) + 1.0)
        if supply is None:
            supply = int(net.ext_grid.bus[net.ext_grid.in_service].iloc[0])
        self.limits = case.limits
        self.participants = _People(
            bus=np.append(people.bus, supply),
            firm=np.append(people.firm, False),
            exports=np.zeros(count + 1, dtype=np.bool_),
            phases=(*people.phases, "abc"),
            load_power_factor=np.append(people.load_power_factor, 1.0),
            generation_power_factor=np.append(people.generation_power_factor, 1.0),
        )
        self.profiles = SimpleNamespace(
            load_kw=np.hstack([profiles.load_kw, whole_kw]),
            generation_kw=np.hstack([profiles.generation_kw, np.zeros_like(whole_kw)]),
        )
        self.trades = _Trades(
            seller=np.append(trades.seller, exporters[at]),
            buyer=np.append(trades.buyer, np.full(len(period), count)),
            start=np.append(trades.start, period),
            end=np.append(trades.end, period + 1),
            power_kw=np.append(trades.power_kw, surplus_kw[period, at]),
        )


@dataclass(frozen=True)
class _People:
    bus: np.ndarray
    firm: np.ndarray
    exports: np.ndarray
    phases: tuple[str, ...]
    load_power_factor: np.ndarray
    generation_power_factor: np.ndarray

    def __len__(self) -> int:
        return len(self.bus)


@dataclass(frozen=True)
class _Trades:
    seller: np.ndarray
    buyer: np.ndarray
    start: np.ndarray
    end: np.ndarray
    power_kw: np.ndarray

    def __len__(self) -> int:
        return len(self.seller)


class FeedInPeriod:
    """One period of a case, whose trades and feed-in are found in turn."""

    def __init__(self, net, case: Case, period: int = 0) -> None:
        self.own = len(case.trades)
        self.case = Retailed(case, net)
        self.exact = ExactPeriod(net, self.case, period)
        trades = self.case.trades
        self.is_trade = np.arange(len(trades)) < self.own
        here = (trades.start <= period) & (trades.end > period)
        self.is_fed = ~self.is_trade & here
        self.surplus_kw = np.where(self.is_fed, trades.power_kw, 0.0)

    def greatest(self) -> np.ndarray:
        """Trades of the greatest volume, cut most evenly, whatever is fed in, (trades,)."""
        wanted = self.is_trade.astype(float)
        volume_kw = self.exact.solve(wanted).objective
        even = self.exact.solve(
            np.zeros(len(wanted)),
            at_least=[(wanted, volume_kw * (1.0 - HELD_SHARE) - NARROW_KW)],
            uneven_per_kw=np.where(self.is_trade, 1.0 / np.maximum(self.case.trades.power_kw, 1e-9), 0.0),
        )
        return even.trade_kw[: self.own]

    def volume_kw(self) -> float:
        return self.exact.solve(self.is_trade.astype(float)).objective

    def _around(self, trade_kw) -> tuple[np.ndarray, np.ndarray]:
        """Bounds with trades as they are, (all trades,) each, and surplus that they leave."""
        lower = np.zeros(len(self.is_trade))
        lower[: self.own] = np.maximum(np.asarray(trade_kw) - NARROW_KW, 0.0)
        upper = self.case.trades.power_kw.copy()
        upper[: self.own] = np.asarray(trade_kw) + NARROW_KW
        sold = np.bincount(
            self.case.trades.seller[: self.own], np.asarray(trade_kw), len(self.case.participants)
        )
        upper = np.where(self.is_fed, np.maximum(self.surplus_kw - sold[self.case.trades.seller], 0.0), upper)
        return lower, upper

    def most(self, trade_kw) -> np.ndarray:
        """The most feed-in beside trades, curtailed most evenly by Σ curtailed² / surplus, (exporters,)."""
        lower, upper = self._around(trade_kw)
        wanted = self.is_fed.astype(float)
        total_kw = self.exact.solve(wanted, lower, upper).objective
        uneven = np.where(self.is_fed, 1.0 / np.maximum(self.surplus_kw, 1e-9), 0.0)
        sold = self.surplus_kw - np.where(self.is_fed, upper, 0.0)
        # The programme knows (a − f)²; (a − sold − f)² is that, less 2 sold (a − f), and a constant.
        shifted = 2.0 * uneven * sold
        even = self.exact.solve(
            -shifted,
            lower,
            upper,
            at_least=[(wanted, total_kw * (1.0 - HELD_SHARE) - NARROW_KW)],
            uneven_per_kw=uneven,
        )
        return even.trade_kw

    def least_share(self, trade_kw) -> float:
        """The greatest least share of what is available that every exporter feeds in, by bisection."""
        lower, upper = self._around(trade_kw)
        low, high = 0.0, 1.0
        while high - low > 1e-6:
            share = 0.5 * (low + high)
            asked = np.where(self.is_fed, share * upper, lower)
            try:
                self.exact.solve(self.is_fed.astype(float), asked, upper)
                low = share
            except NoOptimum:
                high = share
        return low
