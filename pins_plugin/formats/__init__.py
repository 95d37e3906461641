"""A linked result in the formats of other programs: pure functions over `LinkedVideo`; `pins convert` writes them."""
