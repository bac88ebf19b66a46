"""How fast a table gets from MySQL into Parquet files, and in how much memory, beside what else people use."""
