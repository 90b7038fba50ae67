"""Interrupted: Ctrl-C while a fleet was being cleared."""


class Interrupted(KeyboardInterrupt):
    """A run that was ended by Ctrl-C; what is complete stands on the disk.

    Args:
        complete: cases with a result, of those that the run has seen.
        cases: of the fleet.
    """

    def __init__(self, complete: int, cases: int) -> None:
        said = f"{complete:,} of {cases:,} cases complete; give the same command again to go on"
        super().__init__(f"interrupted: {said}")
