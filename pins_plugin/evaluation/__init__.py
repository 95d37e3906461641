"""From a published protocol to a report."""
