"""How the curriculum's hardness grows."""

from dataclasses import dataclass

from pins_plugin.errors import PinsError


@dataclass(frozen=True)
class HardnessSchedule:
    """Raise the hardness by `step` every `period` epochs until `cap` (Learnable PINs, section 3.3).

    Parameters
    ----------
    start, step, cap : float
        Hardness in [0, 1].
    period : int
        Epochs (or optimizer steps, whatever is counted) between two raises.

    Examples
    --------
    >>> schedule = HardnessSchedule()
    >>> [round(schedule(epoch), 1) for epoch in (0, 1, 2, 4, 20)]
    [0.3, 0.3, 0.4, 0.5, 0.8]
    """

    start: float = 0.3
    step: float = 0.1
    cap: float = 0.8
    period: int = 2

    def __post_init__(self) -> None:
        if not (0.0 <= self.start <= 1.0 and 0.0 <= self.cap <= 1.0 and self.step >= 0.0):
            raise PinsError(
                f"hardness schedule: expected start and cap in [0, 1] and step >= 0, "
                f"got start {self.start}, cap {self.cap}, step {self.step}"
            )
        if self.period < 1:
            raise PinsError(f"hardness schedule: expected period >= 1, got {self.period}")

    def __call__(self, epoch: int) -> float:
        """Hardness in `epoch`, counted from 0."""
        return min(self.start + self.step * (epoch // self.period), max(self.start, self.cap))
