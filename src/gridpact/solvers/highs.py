"""HiGHS without a word on stdout."""

import highspy


class SilentHighs(highspy.Highs):  # type: ignore[misc]  # highspy has no types here
    """HiGHS with its output off from the first moment, and one thread.

    An option that is set after construction comes too late: since version 1.16 the constructor of
    `highspy.Highs` sets a callback, and the first call of any method but `setOptionValue` prints a banner.
    """

    def __init__(self) -> None:
        super().__init__()
        self._silence()
        self.setOptionValue("threads", 1)

    def enableCallbacks(self) -> None:  # noqa: N802 (the name is that of highspy)
        """Turns the output off before the constructor sets its callback."""
        self._silence()
        super().enableCallbacks()

    def _silence(self) -> None:
        self.setOptionValue("output_flag", False)
