"""What a gate keeps, held against its log, its seals and what is cleared and settled of it anew."""
