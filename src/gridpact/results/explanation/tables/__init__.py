"""What an explanation needs of a result, from a clearance at hand or from its folder."""
