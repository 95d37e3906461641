"""Leaf helpers that know no word of the domain."""
