//! Rules and their matching, pure.

/// Set of addresses: single ones, CIDR blocks, ranges.
#[derive(Debug, Clone)]
pub struct AddressSet;

/// Set of TCP ports.
#[derive(Debug, Clone)]
pub struct PortSet;

/// Destination field of a FILTER card.
#[derive(Debug, Clone)]
pub struct Destination;
