"""Splits of people: whole, drawn once, none where there are few."""

from collections import Counter

from pins_plugin.data.corpora.splits import FEWEST, split_people


def test_shares_are_kept_and_the_draw_does_not_depend_on_the_order() -> None:
    people = [f"PERSON_{number:02d}" for number in range(40)]
    splits = split_people(people)
    assert Counter(splits.values()) == {"train": 32, "valid": 4, "test": 4}
    assert split_people(reversed(people * 2)) == splits
    assert {name for name, split in splits.items() if split == "valid"} != set(people[:4])


def test_few_people_are_all_trained_on() -> None:
    few = [str(number) for number in range(FEWEST - 1)]
    assert set(split_people(few).values()) == {"train"}
    assert Counter(split_people([*few, "one more"]).values())["valid"] == 2
