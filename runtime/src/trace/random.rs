//! Numbers for ids: unpredictable enough that no two processes make the same, and cheap. Nothing secret is made of them.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

thread_local! {
    static STATE: Cell<[u64; 2]> = Cell::new(seed());
}

/// The keys of a hasher come from the system's source of randomness.
fn seed() -> [u64; 2] {
    let [one, other] = [RandomState::new(), RandomState::new()].map(|keys| keys.hash_one(0_u8));
    // The one state that the generator never leaves.
    [one | 1, other]
}

/// The next number of this thread: xoroshiro128++ 1.0 of Blackman and Vigna.
pub(crate) fn next() -> u64 {
    STATE.with(|state| {
        let [s0, s1] = state.get();
        let result = s0.wrapping_add(s1).rotate_left(17).wrapping_add(s0);
        let mixed = s1 ^ s0;
        state.set([
            s0.rotate_left(49) ^ mixed ^ (mixed << 21),
            mixed.rotate_left(28),
        ]);
        result
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use super::next;

    #[test]
    fn repeats_nothing_on_any_thread() {
        let threads = (0..4).map(|_| thread::spawn(|| (0..1000).map(|_| next()).collect()));
        let threads: Vec<thread::JoinHandle<Vec<u64>>> = threads.collect();
        let mut seen = HashSet::new();
        for thread in threads {
            for number in thread.join().unwrap() {
                assert!(seen.insert(number));
            }
        }
    }
}
