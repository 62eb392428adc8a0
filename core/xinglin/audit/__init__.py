"""The audit trail: one keyed record per act, written in the transaction of the act."""
