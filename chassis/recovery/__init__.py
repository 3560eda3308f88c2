"""A database that was restored from a backup, or Kafka that was made again, brought back together with the rest.

`restored` first, while nothing of the service runs; then its consumers read to the ends that were noted; then
`recovered`. In between no other role starts. `republish` and `reread` are for Kafka that lost what PostgreSQL has.
"""
