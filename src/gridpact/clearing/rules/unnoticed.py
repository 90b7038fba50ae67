"""What the network does not notice: variables that, alone or together, leave the power at every node."""

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Float
from gridpact.clearing.solver.even_cut_clarabel import Polytope, most_even
from gridpact.clearing.solver.programme import Programme
from gridpact.clearing.solver.volume_highs import DUAL_TOLERANCE, VolumeModel
from gridpact.errors import SolverFailed

MOVED_KVA = 1e-12  # at a node by a kW of a variable, below which that is rounding


def greatest_unnoticed(programme: Programme) -> Float | None:
    """The most of J variables that moves no power at any node beside their least values, cut evenly, (J,).

    Such are trades between neighbours at one node, and trades whose powers cancel there. Where limits leave
    no room at all, this keeps every one that the least values keep. None where nothing is above these.
    """
    moved = _moved_kva(programme)
    held_kva = moved @ programme.lower
    polytope = Polytope(
        rows=csr_array(vstack([programme.rows, moved])),
        row_lower=np.append(np.full(len(programme.row_upper), -np.inf), held_kva),
        row_upper=np.append(programme.row_upper, held_kva),
        lower=programme.lower,
        upper=programme.upper,
    )
    objective = programme.objective
    try:
        most = VolumeModel(polytope.rows, objective.weight).solve(
            polytope, "what the network does not notice"
        )
        if most is None or most.volume_kw <= objective.weight @ programme.lower:
            return None
        face = polytope.optimal_face(most.column_dual, most.row_dual, DUAL_TOLERANCE)
        spread = np.divide(
            1.0, objective.evenness, out=np.ones(len(programme)), where=objective.evenness > 0.0
        )
        return programme.within_rows(most_even(face, objective.target, spread).column_kw)
    except SolverFailed:
        return None


def _moved_kva(programme: Programme) -> csr_array:
    """Real and reactive power that a kW of each variable moves at the nodes of any situation, (n, J)."""
    situations = programme.situations
    powers = (
        [situations.directions.T @ effect.toarray() for effect in situations.effects] if situations else []
    )
    moved = np.vstack([np.empty((0, len(programme))), *(np.vstack([one.real, one.imag]) for one in powers)])
    moved = np.where(np.abs(moved) > MOVED_KVA, moved, 0.0)
    return csr_array(np.unique(moved[moved.any(axis=1)], axis=0))
