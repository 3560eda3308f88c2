"""The program against its physical limits: every figure is a ratio to the bare thing, measured in the same run."""
