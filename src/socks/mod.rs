//! SOCKS wire formats, pure.
