"""Programs that speak gRPC to the services."""
