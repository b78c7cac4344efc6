"""The paper's tables and figures, each from prepared records and trained runs."""
