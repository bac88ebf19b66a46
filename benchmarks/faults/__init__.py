"""Extraction under faults: random schedules of writes and faults, followed by a comparison value by value.

python -m benchmarks.faults                              all schedules, on both servers
python -m benchmarks.faults --server mysql56 --seed 17   repeat one of them
"""
