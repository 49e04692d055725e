//! A Mender server in memory.
