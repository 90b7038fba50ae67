"""The pre-operational dispatch schedule: what every participant makes, uses, trades and leaves over."""

from dataclasses import dataclass, fields

import numpy as np

from gridpact.arrays import Float
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.clearing.network.injection import Injection, injection


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Mean power of every participant in every period, (T, P) each.

    load = own use + bought + retail import + unserved, and
    generation = own use + sold + retail export + curtailed.
    """

    load_kw: Float
    generation_kw: Float
    own_use_kw: Float
    p2p_bought_kw: Float
    p2p_sold_kw: Float
    retail_import_kw: Float
    retail_export_kw: Float
    curtailed_kw: Float
    unserved_kw: Float

    @property
    def made_kw(self) -> Float:
        """Generation that runs."""
        return self.own_use_kw + self.p2p_sold_kw + self.retail_export_kw

    @property
    def used_kw(self) -> Float:
        """Load that is served."""
        return self.own_use_kw + self.p2p_bought_kw + self.retail_import_kw

    @property
    def net_injection_kw(self) -> Float:
        """What the network sees, injection positive."""
        return self.made_kw - self.used_kw

    def injection(self, participants: Participants) -> Injection:
        """Active and reactive injection of each participant, (T, P)."""
        return injection(participants, self.made_kw, self.used_kw)


FLOWS = tuple(each.name for each in fields(Schedule))


def dispatch(
    participants: Participants,
    profiles: Profiles,
    sold_kw: Float,
    bought_kw: Float,
    fed_in_kw: Float | None = None,
) -> Schedule:
    """The schedule in which each participant sells, buys and feeds in what was cleared, (T, P) each.

    Where nothing is said of feed-in, it is all that exporters do not sell. Retailers serve what a firm demand
    did not buy; an elastic demand goes without, and surplus that is neither sold nor fed in is curtailed.
    """
    unsold = np.maximum(profiles.surplus_kw - sold_kw, 0.0)
    if fed_in_kw is None:
        fed_in_kw = np.where(participants.exports, unsold, 0.0)
    unbought = np.maximum(profiles.residual_demand_kw - bought_kw, 0.0)
    return Schedule(
        load_kw=profiles.load_kw,
        generation_kw=profiles.generation_kw,
        own_use_kw=profiles.own_use_kw,
        p2p_bought_kw=bought_kw,
        p2p_sold_kw=sold_kw,
        retail_import_kw=np.where(participants.firm, unbought, 0.0),
        retail_export_kw=fed_in_kw,
        curtailed_kw=np.maximum(unsold - fed_in_kw, 0.0),
        unserved_kw=np.where(participants.firm, 0.0, unbought),
    )
