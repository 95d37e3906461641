"""What is drawn, by whom and from where."""

import numpy as np
import torch

from pins_plugin.data.training.stretches import OneLongRun, balance_people, read_at


def test_people_are_drawn_more_evenly_than_their_hours() -> None:
    pieces = ["a", "b", "b"], [1000, 10, 10]
    by_hours = balance_people(*pieces, 1.0)
    evenly = balance_people(*pieces, 0.0)
    np.testing.assert_allclose(by_hours, [1000 / 1020, 10 / 1020, 10 / 1020])
    np.testing.assert_allclose(evenly, [0.5, 0.25, 0.25])


def test_very_many_clips_are_weighed_in_linear_time() -> None:
    count = 200_000
    found = balance_people(["a"] * count, [1] * count, 0.5)
    np.testing.assert_allclose(found[:2], 1 / count)


def test_rows_are_read_between_places_and_held_at_the_ends() -> None:
    rows = torch.tensor([[0.0], [2.0], [6.0]])
    found = read_at(rows, torch.tensor([-1.0, 0.5, 1.25, 9.0]))
    assert found[:, 0].tolist() == [0.0, 1.0, 3.0, 6.0]
    pixels = torch.tensor([[0], [255]], dtype=torch.uint8)
    assert read_at(pixels, torch.tensor([0.5])).tolist() == [[0.5]]


class Numbers(OneLongRun):
    """One number each."""

    def draw(self, generator: torch.Generator) -> int:
        return int(torch.randint(1000, (), generator=generator))


def test_one_long_run_does_not_depend_on_its_epochs() -> None:
    drawn = []
    for steps_per_epoch in (10, 4):
        batches, found = Numbers(10, steps_per_epoch, seed=1), []
        for epoch in range(1, -(-10 // steps_per_epoch) + 1):
            batches.set_epoch(epoch)
            found.append(list(batches))
        drawn.append(found)
    assert [len(part) for part in drawn[1]] == [4, 4, 2]
    assert drawn[0][0] == [number for part in drawn[1] for number in part]
