"""Programme: the market programme, with the situations in which the network has to carry what it decides.

maximise    Σ w v + Σ l log v − ε Σ c (u − v)²
subject to  lower ≤ v ≤ upper,  rows·v ≤ row_upper,
            every monitored quantity of the network within its limits, in every situation
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from gridpact.arrays import Bool, Float
from gridpact.clearing.network.situations import Situations

ROUNDED = 1e-7  # relative, and in kW
ROUNDED_KW = 1e-7
INDIFFERENCE = 1e-4  # of the even cut, which what does not count takes part in, so that it is somewhere
EVEN_CUT_WEIGHT = 1e-5  # ε, kW of volume that a kW of unevenness is worth, where both are one objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is to be as great as possible, over J variables.

    Attributes:
        weight: w, (J,).
        log: l, (J,), not negative; a variable with one is above 0.
        evenness: c, (J,): 1 / u for the even cut.
        target: u, (J,).
        rounded_kw: steps that are no longer change nothing where they gain nothing.
    """

    weight: Float
    log: Float
    evenness: Float
    target: Float
    rounded_kw: float = ROUNDED_KW

    @property
    def counts(self) -> Bool:
        """Which variables are volume that a rule shares, in an objective of volume, (J,)."""
        counts: Bool = self.weight > 0.0
        return counts

    def weighted(self, weight: Float) -> "Objective":
        """The same with other weights, (J,).

        Beside great weights double precision does not resolve the even cut as finely.
        """
        return replace(self, weight=weight, rounded_kw=_rounded_kw(weight))

    @classmethod
    def volume(cls, proposed_kw: Float, weight: Float | None = None) -> "Objective":
        """The greatest volume, cut most evenly; weighted, where there is a weight, (J,)."""
        weight = np.ones_like(proposed_kw) if weight is None else weight
        return cls(
            weight=weight,
            log=np.zeros_like(proposed_kw),
            evenness=1.0 / proposed_kw,
            target=proposed_kw,
            rounded_kw=_rounded_kw(weight),
        )

    @classmethod
    def nearness(cls, target_kw: Float, proposed_kw: Float) -> "Objective":
        """As near as possible to a target, (J,), by the shares of what is proposed."""
        nothing = np.zeros_like(proposed_kw)
        return cls(weight=nothing, log=nothing, evenness=1.0 / proposed_kw, target=target_kw)

    def value(self, value: Float) -> float:
        """The objective at a value of the variables, (J,)."""
        logarithms = self.log > 0.0
        gained = float(self.weight @ value)
        gained += float(self.log[logarithms] @ np.log(np.maximum(value[logarithms], np.finfo(float).tiny)))
        return gained - EVEN_CUT_WEIGHT * float(self.evenness @ (self.target - value) ** 2)

    def gradient(self, value: Float) -> Float:
        """Its gradient, (J,)."""
        by_log = np.divide(self.log, value, out=np.zeros_like(value), where=self.log > 0.0)
        gradient: Float = self.weight + by_log + 2.0 * EVEN_CUT_WEIGHT * self.evenness * (self.target - value)
        return gradient

    def bending(self, value: Float) -> Float:
        """The diagonal of its Hessian, negated, (J,): not negative."""
        by_log = np.divide(self.log, value**2, out=np.zeros_like(value), where=self.log > 0.0)
        bending: Float = by_log + 2.0 * EVEN_CUT_WEIGHT * self.evenness
        return bending

    def widened(self, more: int) -> "Objective":
        """The same with so many variables more, which count nothing."""
        none = np.zeros(more)
        return Objective(
            weight=np.append(self.weight, none),
            log=np.append(self.log, none),
            evenness=np.append(self.evenness, none),
            target=np.append(self.target, none),
            rounded_kw=self.rounded_kw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """J variables under m rows and, where there are any, the situations of a network.

    Attributes:
        lower, upper: bounds, (J,) each.
        rows: (m, J).
        row_upper: (m,).
        situations: that the network has to carry; none where there is no network.
        objective: what is to be as great as possible.
    """

    lower: Float
    upper: Float
    rows: csr_array
    row_upper: Float
    situations: Situations | None
    objective: Objective

    def __len__(self) -> int:
        return len(self.upper)

    def between(self, lower: Float, upper: Float) -> "Programme":
        """The same between other bounds, (J,) each."""
        return replace(self, lower=lower, upper=upper)

    def aiming_at(self, objective: Objective) -> "Programme":
        """The same with another objective."""
        return replace(self, objective=objective)

    def with_rows(self, rows: csr_array, row_upper: Float) -> "Programme":
        """The same under some rows more, (k, J) and (k,), after its own."""
        return replace(
            self,
            rows=csr_array(vstack([self.rows, rows])),
            row_upper=np.concatenate([self.row_upper, row_upper]),
        )

    def widened(self, lower: Float, upper: Float) -> "Programme":
        """The same with some variables more between their bounds, which do nothing yet."""
        more = len(lower)
        return Programme(
            lower=np.append(self.lower, lower),
            upper=np.append(self.upper, upper),
            rows=csr_array(hstack([self.rows, csr_array((self.rows.shape[0], more))])),
            row_upper=self.row_upper,
            situations=self.situations.widened(more) if self.situations else None,
            objective=self.objective.widened(more),
        )

    def row_excess(self, value: Float) -> float:
        """How far the rows are exceeded at a value of the variables, (J,)."""
        return float((self.rows @ value - self.row_upper).max(initial=0.0))

    def within_rows(self, value: Float) -> Float:
        """A value without what rounding adds to bounds and rows, (J,).

        Of a row of positive entries that is exceeded by no more than rounding, all variables give up the
        same share.
        """
        value = np.clip(value, self.lower, self.upper)
        total = self.rows @ value
        by_rounding = (total > self.row_upper) & (total <= self.row_upper * (1.0 + ROUNDED) + ROUNDED)
        for row in np.flatnonzero(by_rounding & (self.row_upper > 0.0)).tolist():
            first, last = self.rows.indptr[row], self.rows.indptr[row + 1]
            columns = self.rows.indices[first:last]
            if (self.rows.data[first:last] > 0.0).all():
                share = self.row_upper[row] / total[row]
                value[columns] = np.maximum(value[columns] * share, self.lower[columns])
        return value


def _rounded_kw(weight: Float) -> float:
    """Steps that change nothing beside weights, (J,)."""
    greatest = max(1.0, float(weight.max(initial=0.0)))
    return float(ROUNDED_KW * greatest ** (2.0 / 3.0))
