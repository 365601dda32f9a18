//! The only room with windows: clock, network, files, environment, logs, counters.
