"""Extraction under faults: random schedules of writers and breakdowns, and a value-by-value comparison at the end.

python -m benchmarks.faults                              every schedule, on both servers
python -m benchmarks.faults --server mysql56 --seed 17   one of them again
"""
