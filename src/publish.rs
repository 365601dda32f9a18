//! Story + Verdict + Tags → Outbound: the public contract, version 1.
