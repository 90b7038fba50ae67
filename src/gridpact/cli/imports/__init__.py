"""`gridpact import`: what people have, as gridpact takes it; one file per command."""
