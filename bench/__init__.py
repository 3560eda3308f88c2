"""The program against its physical limits: every figure is a ratio to the bare thing, measured in the same run."""

import chassis  # noqa: F401  first of all: it tells gRPC to leave forks alone
