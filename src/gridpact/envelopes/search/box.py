"""Box: how far each participant may go either way, and the combinations of net powers in it."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """All combinations of net powers −import_kw ≤ p ≤ export_kw of P participants.

    A combination is written as parts: 1 is all of a participant's export, −1 all of its import, 0 nothing.

    Attributes:
        import_kw, export_kw: not negative, (P,).
    """

    import_kw: Float
    export_kw: Float

    def power_kw(self, parts: Float) -> Float:
        """Net powers, injection positive, of m combinations given as parts, (m, P) each."""
        power: Float = np.where(parts >= 0.0, parts * self.export_kw, parts * self.import_kw)
        return power

    def towards(self, other: "Box", share: float) -> "Box":
        """The box at a share of the way to another one."""
        return Box(
            import_kw=self.import_kw + share * (other.import_kw - self.import_kw),
            export_kw=self.export_kw + share * (other.export_kw - self.export_kw),
        )

    @classmethod
    def of_shares(cls, connection_kw: Float, import_share: Float, export_share: Float) -> "Box":
        """The box of shares of the connections, (P,) each."""
        return cls(import_kw=connection_kw * import_share, export_kw=connection_kw * export_share)
