"""A module that cannot be imported, as happens when a dependency is missing."""

raise ImportError("libmissing.so.3: cannot open shared object file")
