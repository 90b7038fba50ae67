"""What the network sees of each participant (injection positive).

Own use u, residual demand r and load ℓ are those of `Profiles`; then

    made = u + sold + fed in
    used = ℓ if the demand is firm, else u + bought
    p = made − used,    q = made · tan φ_generation − used · tan φ_load
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.errors import InvalidCase, Problem
from gridpact.grid.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """Power injected into the network, per participant or per node.

    Attributes:
        p_kw: active, (T, P) or (T, N).
        q_kvar: reactive, same shape.
    """

    p_kw: Float
    q_kvar: Float


def used_kw(participants: Participants, profiles: Profiles, bought_kw: Float) -> Float:
    """Load that is served, (T, P), for `bought_kw` (T, P)."""
    return np.where(participants.firm, profiles.load_kw, profiles.own_use_kw + bought_kw)


def injection(participants: Participants, made: Float, used: Float) -> Injection:
    """Injection of each participant, (T, P), from what it makes and uses, (T, P) in kW."""
    return Injection(
        p_kw=made - used,
        q_kvar=made * participants.generation_tan_phi - used * participants.load_tan_phi,
    )


def participant_bus_position(network: Network, participants: Participants) -> Int:
    """Position of each participant's bus in `network.bus_ids`, (P,).

    Raises:
        InvalidCase: a participant's bus is not a supplied bus of this network, as happens when a network
            is reused for a case of another one.
    """
    position = np.searchsorted(network.bus_ids, participants.bus)
    inside = np.minimum(position, len(network.bus_ids) - 1)
    wrong = np.flatnonzero(network.bus_ids[inside] != participants.bus)
    if len(wrong):
        raise InvalidCase(
            Problem(
                file="participants.csv",
                field="bus",
                value=str(participants.bus[k]),
                what=f"of participant '{participants.ids[k]}' is not a supplied bus of {network.name}",
            )
            for k in wrong
        )
    return position.astype(np.int64)


def at_nodes(connected: csr_array, by_participant: Injection) -> Injection:
    """The injection at each node, (T, N), of an injection of each participant, (T, P)."""
    both = np.asarray((by_participant.p_kw + 1j * by_participant.q_kvar) @ connected)
    return Injection(p_kw=both.real, q_kvar=both.imag)
