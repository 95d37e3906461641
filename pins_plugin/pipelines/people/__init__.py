"""Who is who: faces grouped, examples enrolled, people met in other videos."""
