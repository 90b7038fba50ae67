"""UFTP (Shapeshifter): D-Prognoses of an aggregator, and the orders that FlexOrders of a DSO ask for."""
