"""Sequences: symmetrical components and what they are in phases (Fortescue 1918).

The voltages of the phases a, b, c are A times those of the zero, positive and negative sequence, and
quantities that the sequences do not share are diag(y₀, y₁, y₂) in sequences and A diag(y₀, y₁, y₂) A⁻¹ in
phases.
"""

import numpy as np

from gridpact.arrays import Complex

ROTATION = np.exp(2j * np.pi / 3)
PHASE_ROTATION = np.array([1.0, ROTATION.conjugate(), ROTATION])  # of a, b, c in the positive sequence
TO_PHASES = np.stack([np.ones(3), PHASE_ROTATION, PHASE_ROTATION.conj()], axis=1)
TO_SEQUENCES = TO_PHASES.conj().T / 3
POSITIVE, NEGATIVE = TO_SEQUENCES[1], TO_SEQUENCES[2]  # rows: the voltage of a sequence by those of phases


def in_phases(zero: Complex, positive: Complex, negative: Complex) -> Complex:
    """What n quantities of the three sequences are in phases, (n, 3, 3)."""
    sequences = np.stack([zero, positive, negative], axis=-1)
    phases: Complex = np.einsum("ps,ns,sq->npq", TO_PHASES, sequences, TO_SEQUENCES)
    return phases
