"""The desk: intake, turns and what they decide; domain and ports, nothing else."""
