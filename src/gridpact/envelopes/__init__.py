"""Operating envelopes: what each participant may take and feed in, whatever all the others do in theirs."""

from gridpact.envelopes.envelope_rule import EnvelopeRule
from gridpact.envelopes.envelopes_writer import write_operating_envelopes
from gridpact.envelopes.make_operating_envelopes import operating_envelopes
from gridpact.envelopes.operating_result import OperatingEnvelopes

__all__ = ["EnvelopeRule", "OperatingEnvelopes", "operating_envelopes", "write_operating_envelopes"]
