"""Whole populations: sources → lines by patient → shards → verdict rows, resumable at any point.

``sources`` finds the lines, ``peek`` and ``scope`` look at their bytes, ``partition`` brings
together what belongs to one patient, ``shard`` judges, ``run`` does all that in processes.
"""
