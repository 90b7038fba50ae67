"""`gridpact gate …` and `gridpact serve`: thin, and without the gate's libraries until they run."""
