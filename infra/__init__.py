"""What Aftercare runs on and beside: embedded parts, topics, the shop simulator, deployment descriptions."""
