"""Operating envelopes: what each participant may take and feed in, whatever all the others do in theirs."""
