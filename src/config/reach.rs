//! Filters that nothing can reach: the ones before them match all that they match.
//!
//! Several filters together count if each of them covers the whole destination and they share the
//! ports between them. Nothing is ever reported wrongly; what only a union of destinations covers
//! is not found.

use std::collections::HashMap;

use super::rules::{Destination, PortSet};

/// Filters with more than one host in their destination that are held against later ones; beyond
/// this many, the search gives up rather than take quadratic time.
const WIDE: usize = 2_000;

/// One filter as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<'a> {
    pub ports: &'a PortSet,
    pub destination: &'a Destination,
}

/// Indexes of the filters that are never reached.
pub(super) fn never_reached<'a>(filters: impl IntoIterator<Item = Reach<'a>>) -> Vec<usize> {
    let mut wide: Vec<(&Destination, PortSet)> = Vec::new();
    let mut single: HashMap<&Destination, PortSet> = HashMap::new();
    let mut never = Vec::new();
    for (index, filter) in filters.into_iter().enumerate() {
        let covering = wide.iter().filter(|(earlier, _)| earlier.covers(filter.destination));
        let ports = covering.map(|(_, ports)| ports).chain(single.get(filter.destination));
        let taken = ports.fold(PortSet::default(), |taken, ports| taken.union(ports));
        if taken.covers(filter.ports) {
            never.push(index);
        } else if filter.destination.is_single() {
            let ports = single.entry(filter.destination).or_default();
            *ports = ports.union(filter.ports);
        } else if wide.len() < WIDE {
            wide.push((filter.destination, filter.ports.clone()));
        }
    }
    never
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filters: &[(&str, &str)]) -> Vec<usize> {
        let parsed: Vec<_> = filters
            .iter()
            .map(|(ports, destination)| {
                (PortSet::parse(ports).unwrap(), Destination::parse(destination).unwrap())
            })
            .collect();
        never_reached(parsed.iter().map(|(ports, destination)| Reach { ports, destination }))
    }

    #[test]
    fn what_a_wider_filter_takes_is_never_reached() {
        assert_eq!(check(&[("*", "*.corp.example"), ("21", "a.corp.example")]), [1]);
        assert_eq!(check(&[("20-25", "10.0.0.0/8"), ("21", "10.1.1.1-10.1.1.9")]), [1]);
        assert_eq!(check(&[("21", "Host.example"), ("21", "host.EXAMPLE.")]), [1]);
        assert_eq!(check(&[("*", "*"), ("*", "*"), ("21", "::1")]), [1, 2]);
    }

    #[test]
    fn filters_share_the_ports_between_them() {
        assert_eq!(
            check(&[("1-100", "*"), ("101-65535", "10.0.0.0/8"), ("50-150", "10.1.1.1")]),
            [2]
        );
        assert_eq!(check(&[("21", "a.example"), ("22", "*"), ("21,22", "a.example")]), [2]);
    }

    #[test]
    fn what_can_be_reached_is_left_alone() {
        assert!(check(&[("21", "*"), ("22", "*"), ("*", "*")]).is_empty());
        assert!(check(&[("*", "10.0.0.0/8"), ("*", "*.example"), ("*", "*")]).is_empty());
        assert!(
            check(&[("*", "10.0.0.0/9"), ("*", "10.128.0.0/9"), ("*", "10.0.0.0/8")]).is_empty()
        );
    }
}
