"""Bridges to the standards that network operators and aggregators speak: ESMP, OpenADR 3, UFTP."""
