"""What every case has, whatever it is about: assignment, notes, service levels, approvals. Pure; no I/O."""
