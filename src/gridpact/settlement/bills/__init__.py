"""Bills: what a settlement asks of each participant, in cents, with VAT, under a number."""
