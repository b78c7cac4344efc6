"""Own same-identity face manipulations with exact masks, from pristine faces."""
