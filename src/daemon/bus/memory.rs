//! The bus in memory: deterministic, and as strict about the fence as the real one.
