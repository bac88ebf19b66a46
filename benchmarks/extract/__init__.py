"""Speed and memory of reading MySQL tables into Parquet files, compared with other tools."""
