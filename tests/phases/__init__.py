"""Networks with three phases: their makers, their judges, and the tests of them."""
