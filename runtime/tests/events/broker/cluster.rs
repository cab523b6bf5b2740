//! Three brokers that are one cluster, each of them a controller too.

use std::time::{Duration, Instant};

use super::{Broker, Node, PATIENCE, topics::Topics, wire};

pub(crate) struct Cluster(Vec<Broker>);

impl Cluster {
    /// Three brokers, begun by this thread: they end with it.
    pub(crate) fn start() -> Self {
        (0..5)
            .find_map(|_| {
                let cluster = Self::made();
                cluster.0.iter().for_each(Broker::spawn);
                cluster.0.iter().all(Broker::answers).then_some(cluster)
            })
            .unwrap()
    }

    fn made() -> Self {
        let nodes = [1, 2, 3].map(Node::new);
        let voters = nodes.each_ref().map(Node::voter).join(",");
        Self(
            nodes
                .iter()
                .map(|node| Broker::of(node, &voters, 3))
                .collect(),
        )
    }

    pub(crate) fn addresses(&self) -> String {
        let addresses: Vec<String> = self.0.iter().map(Broker::address).collect();
        addresses.join(",")
    }

    pub(crate) fn topics(&self) -> Topics {
        Topics::at(&self.addresses()).kept_in(3)
    }

    /// The broker that is the active controller.
    pub(crate) fn controller(&self) -> &Broker {
        let until = Instant::now() + PATIENCE;
        loop {
            let controller = wire::controller(self.0[0].address);
            let place = usize::try_from(controller - 1).ok();
            if let Some(broker) = place.and_then(|place| self.0.get(place)) {
                return broker;
            }
            assert!(Instant::now() < until, "there is no controller");
        }
    }

    /// One of those that are not.
    pub(crate) fn follower(&self, which: usize) -> &Broker {
        let controller = self.controller().address;
        let mut followers = self.0.iter().filter(|it| it.address != controller);
        followers.nth(which % 2).unwrap()
    }

    /// Waits until every partition of `topic` is at all three.
    pub(crate) fn in_sync(&self, topic: &str) {
        let until = Instant::now() + PATIENCE;
        while self.topics().copies(topic, Duration::from_secs(5)) != Some(3) {
            assert!(Instant::now() < until, "`{topic}` is not in sync");
        }
    }
}
