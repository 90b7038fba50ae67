"""The published study: its days as cases, its figures, and their comparison with ours.

Source: Fernandes, Christin, Kar, *Peer-to-Peer (P2P) Electricity Markets for Low Voltage Networks*,
IEEE SmartGridComm 2024 (arXiv 2407.21403).
"""

from gridpact.published.cases import cigre_day, cigre_extreme, village_day
from gridpact.published.reproduction import Reproduction, reproduce

__all__ = ["Reproduction", "cigre_day", "cigre_extreme", "reproduce", "village_day"]
