//! Mender.
