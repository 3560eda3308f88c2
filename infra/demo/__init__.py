"""`make demo`: a shop's day on real parts, told live, with every figure read from stores, provider and mailbox."""

import chassis  # noqa: F401  first of all: it tells gRPC to leave forks alone
