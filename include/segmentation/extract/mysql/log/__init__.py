"""A change log beside its source: what it holds, what it lacks, what is new to it."""
