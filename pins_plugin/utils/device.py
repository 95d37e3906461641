"""Where networks run."""

import torch

from pins_plugin.errors import PinsError


def usable_device(name: str | torch.device, error: type[PinsError] = PinsError) -> torch.device:
    """Find a device by its name, such as "cpu" or "cuda:0".

    Raises
    ------
    PinsError
        Or the `error` given: when nothing can be computed there.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError) as cause:
        raise error(
            f"device {str(name)!r}: not usable here ({str(cause).splitlines()[0]}); try 'cpu'"
        ) from cause
    return device
