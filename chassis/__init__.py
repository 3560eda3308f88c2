"""Technical kernel of every Aftercare service. It knows no business word."""

import os

# gRPC's handlers of fork start a thread in the child before it becomes another program, which now and then ends it by a
# fault of memory (grpc/grpc#43055). Nothing here goes on after a fork without exec. Read when grpc is first imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
