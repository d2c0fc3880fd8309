//! A queue in which clients take turns, and users of one client.
//!
//! Used by [`super::jobs`]. What one client waits for is taken in the order it came, user by user in
//! turn; between two of one client every other client that waits has one. So a client, or one user
//! of a machine that many have jobs on, can only make itself wait.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

/// For whom something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    client: IpAddr,
    /// Digest of the user's name. Two with the same one share their turns.
    user: u64,
}

/// The queue.
#[derive(Debug)]
pub struct Turns<T> {
    clients: Lanes<Option<IpAddr>, Lanes<u64, VecDeque<T>>>,
    len: usize,
}

/// Queues by key; the key whose turn it is stands first, each stands once, none is empty.
#[derive(Debug)]
struct Lanes<K, Q> {
    queues: HashMap<K, Q>,
    order: VecDeque<K>,
}

impl Owner {
    /// A user of a client.
    pub fn new(client: IpAddr, user: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        Self { client: client.to_canonical(), user: hasher.finish() }
    }
}

impl<T> Turns<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self { clients: Lanes::new(), len: 0 }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many wait for this owner's client.
    pub fn len_of(&self, owner: Owner) -> usize {
        let users = self.clients.queues.get(&Some(owner.client));
        users.map_or(0, |users| users.queues.values().map(VecDeque::len).sum())
    }

    /// Adds one; what has no owner takes turns like a client.
    pub fn push(&mut self, owner: Option<Owner>, item: T) {
        let (client, user) = owner.map_or((None, 0), |owner| (Some(owner.client), owner.user));
        self.clients.queue(client).queue(user).push_back(item);
        self.len += 1;
    }

    /// Takes the next one.
    pub fn pop(&mut self) -> Option<T> {
        let item = self.clients.turn(|users| {
            let item = users.turn(|items| (items.pop_front(), items.is_empty()));
            (item, users.order.is_empty())
        })?;
        self.len -= 1;
        Some(item)
    }

    /// Takes all out for which `which` holds.
    pub fn extract(&mut self, which: impl Fn(&T) -> bool) -> Vec<T> {
        let mut taken = Vec::new();
        for users in self.clients.queues.values_mut() {
            for items in users.queues.values_mut() {
                let (out, rest) = std::mem::take(items).into_iter().partition(&which);
                *items = rest;
                taken.extend::<VecDeque<T>>(out);
            }
            users.drop_empty(VecDeque::is_empty);
        }
        self.clients.drop_empty(|users| users.order.is_empty());
        self.len -= taken.len();
        taken
    }
}

impl<T> Default for Turns<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Copy + Eq + Hash, Q> Lanes<K, Q> {
    fn new() -> Self {
        Self { queues: HashMap::new(), order: VecDeque::new() }
    }

    /// A key's queue, the last in turn if it is new.
    fn queue(&mut self, key: K) -> &mut Q
    where
        Q: Default,
    {
        let order = &mut self.order;
        self.queues.entry(key).or_insert_with(|| {
            order.push_back(key);
            Q::default()
        })
    }

    /// Takes from the queue whose turn it is; `take` also tells whether that has emptied it.
    fn turn<T>(&mut self, take: impl FnOnce(&mut Q) -> (Option<T>, bool)) -> Option<T> {
        let key = self.order.pop_front()?;
        let (item, is_empty) = take(self.queues.get_mut(&key)?);
        if is_empty {
            self.queues.remove(&key);
        } else {
            self.order.push_back(key);
        }
        item
    }

    fn drop_empty(&mut self, is_empty: impl Fn(&Q) -> bool) {
        self.queues.retain(|_, queue| !is_empty(queue));
        let queues = &self.queues;
        self.order.retain(|key| queues.contains_key(key));
    }
}

impl<K: Copy + Eq + Hash, Q> Default for Lanes<K, Q> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(client: u8, user: &str) -> Option<Owner> {
        Some(Owner::new([10, 0, 0, client].into(), user))
    }

    fn all(turns: &mut Turns<u32>) -> Vec<u32> {
        std::iter::from_fn(|| turns.pop()).collect()
    }

    #[test]
    fn one_owner_is_served_in_order() {
        let mut turns = Turns::new();
        for number in 0..5 {
            turns.push(owner(1, "a"), number);
        }
        assert_eq!((turns.len(), turns.len_of(owner(1, "b").unwrap())), (5, 5));
        assert_eq!(all(&mut turns), [0, 1, 2, 3, 4]);
        assert!(turns.is_empty());
        assert!(turns.clients.queues.is_empty() && turns.clients.order.is_empty());
    }

    #[test]
    fn clients_take_turns_and_so_do_their_users() {
        let mut turns = Turns::new();
        for number in 0..4 {
            turns.push(owner(1, "many"), number);
        }
        turns.push(owner(1, "other"), 10);
        turns.push(owner(2, "many"), 20);
        turns.push(None, 30);
        turns.push(None, 31);
        assert_eq!(turns.pop(), Some(0));
        // Back in the ring behind those who waited already.
        turns.push(owner(3, "late"), 40);
        assert_eq!(all(&mut turns), [20, 30, 10, 40, 31, 1, 2, 3]);
    }

    #[test]
    fn what_is_taken_out_loses_its_turn() {
        let mut turns = Turns::new();
        for number in 0..6 {
            turns.push(owner(number as u8 % 3, "a"), number);
        }
        let mut odd = turns.extract(|number| number % 3 == 1);
        odd.sort_unstable();
        assert_eq!(odd, [1, 4]);
        assert_eq!((turns.len(), turns.len_of(owner(1, "a").unwrap())), (4, 0));
        assert_eq!(all(&mut turns), [0, 2, 3, 5]);
        assert!(turns.extract(|_| true).is_empty());
    }

    #[test]
    fn an_address_mapped_into_ipv6_is_the_same_client() {
        let mapped = "::ffff:10.0.0.1".parse().unwrap();
        assert_eq!(Owner::new(mapped, "a"), owner(1, "a").unwrap());
    }
}
