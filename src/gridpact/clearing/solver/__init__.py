"""The solver: sequential quadratic programming between the market programme and the network oracle."""
