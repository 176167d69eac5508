"""Reads, limited to who asks. A door reads here and nowhere else."""
