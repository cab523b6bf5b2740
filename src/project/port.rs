//! Which ports a service gets.

use std::collections::BTreeSet;

/// How far a service's admin port lies above its public one.
const ADMIN_OFFSET: u16 = 1000;

/// The public port of a project's first service.
const FIRST: u16 = 8081;

/// Ports of the stack that is generated with every project, and of what usually runs beside it.
const STACK: &[u16] = &[3000, 3100, 4317, 4318, 8080, 9090, 9092, 9093, 9100, 16686];

/// The two ports of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The public listener's.
    pub http: u16,
    /// The admin listener's: metrics and health.
    pub admin: u16,
}

/// The lowest pair that neither the stack nor a service of the project uses.
///
/// Returns `None` when every pair is taken.
#[must_use]
pub fn next_free(taken: &BTreeSet<u16>) -> Option<Ports> {
    (FIRST..=u16::MAX - ADMIN_OFFSET)
        .map(|http| Ports {
            http,
            admin: http + ADMIN_OFFSET,
        })
        .find(|ports| {
            [ports.http, ports.admin]
                .iter()
                .all(|port| !taken.contains(port) && !STACK.contains(port))
        })
}

/// The pair a project's first service gets.
#[must_use]
pub fn first() -> Ports {
    Ports {
        http: FIRST,
        admin: FIRST + ADMIN_OFFSET,
    }
}

#[cfg(test)]
mod tests {
    use super::{Ports, first, next_free};

    #[track_caller]
    fn check(taken: &[u16], http: u16) {
        let ports = next_free(&taken.iter().copied().collect()).unwrap();
        assert_eq!(
            ports,
            Ports {
                http,
                admin: http + 1000
            }
        );
    }

    #[test]
    fn the_lowest_free_pair_is_taken() {
        check(&[], 8081);
        check(&[8081, 9081], 8082);
        check(&[8081, 9081, 8083, 9083], 8082);
    }

    #[test]
    fn a_pair_is_free_only_if_both_its_ports_are() {
        check(&[9081], 8082);
    }

    #[test]
    fn the_ports_of_the_stack_are_left_alone() {
        let taken: Vec<u16> = (8081..8090).collect();
        check(&taken, 8091);
    }

    #[test]
    fn the_first_service_gets_the_first_pair() {
        assert_eq!(Some(first()), next_free(&[].into()));
    }
}
