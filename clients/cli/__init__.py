"""`aftercare`: the agents' and operators' tool. It speaks gRPC and knows nothing a service does not tell it."""
