"""Who is who: face tracks grouped, examples enrolled, the registry of people met in other videos."""
