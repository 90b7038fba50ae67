"""What the lines of statements and the ways to settle are called."""

from dataclasses import dataclass

from gridpact.report.pictures.traces import BLUE, GREEN, GREY, ORANGE, SAND
from gridpact.settlement.tariffs.tariffs import LossAllocation, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWords:
    """How a line of a statement is shown: its name, with whom it is settled, its colour and pattern."""

    name: str
    party: str
    colour: str = GREY
    pattern: str = ""


PEERS, COMMUNITY, RETAILER, DSO, TAX = "peers", "community", "retailer", "network operator", "tax"
ISSUER, ROUNDING_ACCOUNT, CONGESTION_ACCOUNT = "issuer of the bill", "rounding", "congestion"
LINE_WORDS = {
    "p2p_bought": LineWords(name="Bought from peers", party=PEERS, colour=BLUE, pattern="/"),
    "p2p_sold": LineWords(name="Sold to peers", party=PEERS, colour=BLUE, pattern="/"),
    "shared_received": LineWords(name="Shared, received", party=COMMUNITY, colour=GREEN, pattern="\\"),
    "shared_given": LineWords(name="Shared, given", party=COMMUNITY, colour=GREEN, pattern="\\"),
    "unused": LineWords(
        name="Shared, unused, taken by the retailer", party=RETAILER, colour=GREEN, pattern="."
    ),
    "supply": LineWords(name="Supplied by the retailer", party=RETAILER),
    "feed_in": LineWords(name="Fed in, taken by the retailer", party=RETAILER),
    "imbalance_short": LineWords(name="Short of the position", party=RETAILER, colour=ORANGE, pattern="x"),
    "imbalance_long": LineWords(name="Beyond the position", party=RETAILER, colour=SAND, pattern="."),
    "losses": LineWords(name="Share of network losses", party=DSO),
    "network_charge": LineWords(name="Network charge", party=DSO),
    "tax": LineWords(name="Tax", party=TAX),
    "congestion": LineWords(name="Congestion of the network", party=CONGESTION_ACCOUNT),
    "fixed": LineWords(name="Standing charges", party=ISSUER),
    "rounding": LineWords(name="Rounding to the bill's cents", party=ROUNDING_ACCOUNT),
}
DRAWN = ("p2p_bought", "shared_received", "supply", "imbalance_short")
FED = ("p2p_sold", "shared_given", "unused", "feed_in", "imbalance_long")
MODE_WORDS = {
    Mode.SHARING: "sharing: a trade counts as far as both meters bear it out",
    Mode.FIRM: "firm: a trade counts as cleared, deviations are imbalance",
}
LOSS_WORDS = {
    LossAllocation.DSO: "borne by the network operator",
    LossAllocation.PRO_RATA: "passed on by metered energy",
    LossAllocation.MARGINAL: "passed on by marginal losses",
}
ROUNDING = "each entry by itself to the millionth, half to even"
