"""Who is trained on, and who is kept for validation and test."""

import hashlib
from collections.abc import Iterable

FEWEST = 20  # people: with fewer, what is kept would be too few to score


def split_people(identities: Iterable[str], share: float = 0.1) -> dict[str, str]:
    """Keep a share of the people for validation and one for test, the same ones whenever these are the people.

    Parameters
    ----------
    identities : iterable of str
    share : float
        Of the people, for each of "valid" and "test"; two at least. With fewer than `FEWEST` people all are "train".

    Returns
    -------
    splits : dict of str to str
        "train", "valid" or "test" by identity.

    Examples
    --------
    >>> split_people(["anna", "ben"])
    {'anna': 'train', 'ben': 'train'}
    >>> list(split_people(map(str, range(100))).values()).count("test")
    10
    """
    people = sorted(set(identities))
    splits = dict.fromkeys(people, "train")
    if len(people) < FEWEST:
        return splits
    number = max(2, round(share * len(people)))
    drawn = sorted(people, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return (
        splits
        | dict.fromkeys(drawn[:number], "valid")
        | dict.fromkeys(drawn[number : 2 * number], "test")
    )
