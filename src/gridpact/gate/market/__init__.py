"""Markets, participants and sessions: what operators say, checked as the case's files are."""
