"""What is found of networks with three phases apart from gridpact's own network, programme and power flow."""
