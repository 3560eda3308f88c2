"""`make demo`: a shop's day on real parts, told live, with every figure read from stores, provider and mailbox."""
