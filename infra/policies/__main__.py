"""Writes docs/policy-examples.md."""

from infra.policies.table import FILE, document

FILE.write_text(document(), encoding="utf-8")
print(f"wrote {FILE}")
