import chassis  # noqa: F401  first of all: it tells gRPC to leave forks alone
