"""The paper's claim, measured: shares read and cycle times."""
