//! What needs what: an order in which everything comes after what it needs, or the circle that makes one impossible.
//!
//! Everything here takes n log n steps at most, for n nodes and needs together.

use std::collections::{BTreeSet, VecDeque};

/// Nodes and what each needs. What is needed and not itself a node counts as there.
#[derive(Debug, Clone)]
pub struct Graph<K> {
    keys: Vec<K>,
    needs: Vec<Vec<usize>>,
    needed_by: Vec<Vec<usize>>,
}

/// A circle: each needs the next, and the last is the first again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle<K>(pub Vec<K>);

impl<K: Ord + Clone> Graph<K> {
    /// A graph of nodes with their needs. A node that comes twice needs what both say.
    pub fn new(nodes: impl IntoIterator<Item = (K, Vec<K>)>) -> Self {
        let nodes: Vec<(K, Vec<K>)> = nodes.into_iter().collect();
        let mut keys: Vec<K> = nodes.iter().map(|(key, _)| key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut pairs = BTreeSet::new();
        for (key, needs) in &nodes {
            let node = keys.binary_search(key).expect("every node has its place");
            pairs.extend(needs.iter().filter_map(|need| Some((node, keys.binary_search(need).ok()?))));
        }
        let (mut needs, mut needed_by) = (vec![Vec::new(); keys.len()], vec![Vec::new(); keys.len()]);
        for (node, need) in pairs {
            needs[node].push(need);
            needed_by[need].push(node);
        }
        Self { keys, needs, needed_by }
    }

    /// Every node, after what it needs; among those that could be next the smallest first.
    pub fn order(&self) -> Result<Vec<K>, Cycle<K>> {
        let order = self.places()?;
        Ok(order.into_iter().map(|node| self.keys[node].clone()).collect())
    }

    /// The way through the graph that takes longest, from a node that needs nothing to the last.
    pub fn longest(&self, takes: impl Fn(&K) -> u64) -> Result<Vec<K>, Cycle<K>> {
        let order = self.places()?;
        let (mut sum, mut before) = (vec![0_u64; self.keys.len()], vec![None; self.keys.len()]);
        for &node in &order {
            let longest = self.needs[node].iter().copied().max_by_key(|need| (sum[*need], std::cmp::Reverse(*need)));
            sum[node] = takes(&self.keys[node]).saturating_add(longest.map_or(0, |need| sum[need]));
            before[node] = longest;
        }
        let mut at = (0..self.keys.len()).max_by_key(|node| (sum[*node], std::cmp::Reverse(*node)));
        let mut path = Vec::new();
        while let Some(node) = at {
            path.push(self.keys[node].clone());
            at = before[node];
        }
        path.reverse();
        Ok(path)
    }

    /// What a node needs directly.
    pub fn needs(&self, key: &K) -> Vec<K> {
        self.neighbours(&self.needs, key)
    }

    /// What needs a node directly: what it blocks.
    pub fn blocks(&self, key: &K) -> Vec<K> {
        self.neighbours(&self.needed_by, key)
    }

    fn neighbours(&self, lists: &[Vec<usize>], key: &K) -> Vec<K> {
        let list = self.keys.binary_search(key).map(|node| lists[node].as_slice()).unwrap_or_default();
        list.iter().map(|node| self.keys[*node].clone()).collect()
    }

    fn places(&self) -> Result<Vec<usize>, Cycle<K>> {
        let mut open: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut next: BTreeSet<usize> = (0..open.len()).filter(|node| open[*node] == 0).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(node) = next.pop_first() {
            order.push(node);
            for &after in &self.needed_by[node] {
                open[after] -= 1;
                if open[after] == 0 {
                    next.insert(after);
                }
            }
        }
        if order.len() == open.len() { Ok(order) } else { Err(self.cycle(&open)) }
    }

    /// The shortest circle through a node that is on one. `open` counts the needs that could not be met.
    fn cycle(&self, open: &[usize]) -> Cycle<K> {
        // From any node that could not be met, always to a need that could not: sooner or later a node comes again.
        let unmet = |node: usize| self.needs[node].iter().copied().find(|need| open[*need] > 0);
        let mut at = (0..open.len()).find(|node| open[*node] > 0).expect("asked only if there is one");
        let mut seen = vec![false; open.len()];
        while !seen[at] {
            seen[at] = true;
            at = unmet(at).expect("what is not met needs something that is not met");
        }
        let start = at;
        // The shortest way from there back to itself.
        let (mut from, mut line) = (vec![None; open.len()], VecDeque::from([start]));
        while let Some(node) = line.pop_front() {
            for &need in &self.needs[node] {
                if need == start {
                    let mut path = vec![start];
                    let mut at = Some(node);
                    while let Some(node) = at {
                        path.push(node);
                        at = from[node].filter(|_| node != start);
                    }
                    path.reverse();
                    return Cycle(path.into_iter().map(|node| self.keys[node].clone()).collect());
                }
                if from[need].is_none() && open[need] > 0 {
                    from[need] = Some(node);
                    line.push_back(need);
                }
            }
        }
        unreachable!("the walk above came back to this node")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn graph(nodes: &[(u32, &[u32])]) -> Graph<u32> {
        Graph::new(nodes.iter().map(|(node, needs)| (*node, needs.to_vec())))
    }

    #[test]
    fn an_order_comes_after_its_needs() {
        let graph = graph(&[(4, &[2, 3]), (3, &[1]), (2, &[1, 99]), (1, &[]), (5, &[])]);
        assert_eq!(graph.order().unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!((graph.needs(&4), graph.blocks(&1)), (vec![2, 3], vec![2, 3]));
        assert_eq!(graph.longest(|node| if *node == 3 { 5 } else { 1 }).unwrap(), [1, 3, 4]);
        assert_eq!(Graph::<u32>::new([]).longest(|_| 1).unwrap(), Vec::<u32>::new());
    }

    #[test]
    fn a_circle_is_shown_as_a_path() {
        assert_eq!(graph(&[(1, &[1])]).order(), Err(Cycle(vec![1, 1])));
        let Err(Cycle(path)) = graph(&[(1, &[2]), (2, &[3]), (3, &[4, 2]), (4, &[]), (5, &[1])]).order() else { panic!("no circle") };
        assert_eq!(path, [2, 3, 2]);
    }

    proptest! {
        #[test]
        fn an_order_or_a_true_circle(pairs in prop::collection::vec((0..30_u32, 0..30_u32), 0..90)) {
            let graph = Graph::new((0..30).map(|node| (node, pairs.iter().filter(|(from, _)| *from == node).map(|(_, to)| *to).collect())));
            match graph.order() {
                Ok(order) => {
                    prop_assert_eq!(order.len(), 30);
                    let place = |node: u32| order.iter().position(|other| *other == node);
                    for (node, need) in &pairs {
                        prop_assert!(place(*need) < place(*node));
                    }
                    let path = graph.longest(|_| 1).unwrap();
                    prop_assert!(path.windows(2).all(|two| pairs.contains(&(two[1], two[0]))));
                }
                Err(Cycle(path)) => {
                    prop_assert!(path.len() >= 2 && path.first() == path.last());
                    prop_assert!(path.windows(2).all(|two| pairs.contains(&(two[0], two[1]))), "{:?}", path);
                }
            }
        }
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let chain = Graph::new((0..100_000_u32).map(|node| (node, node.checked_sub(1).into_iter().collect())));
        assert_eq!(chain.longest(|_| 1).unwrap().len(), 100_000);
        let circle = Graph::new((0..100_000_u32).map(|node| (node, vec![(node + 1) % 100_000])));
        assert_eq!(circle.order().unwrap_err().0.len(), 100_001);
    }
}
