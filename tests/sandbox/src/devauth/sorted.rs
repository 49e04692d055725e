//! A sorted set that is quick to enter anywhere: a tree would have to be walked to the page asked for.

use std::borrow::Borrow;

/// A chunk that outgrows this is cut in two.
const CHUNK: usize = 512;

#[derive(Debug, Clone)]
pub(super) struct Sorted<T> {
    /// One behind the other in order; none is empty.
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Sorted<T> {
        Sorted { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Ord> Sorted<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Where a value belongs: chunk and place, and whether it is there.
    fn find<Q: Ord + ?Sized>(&self, value: &Q) -> (usize, Result<usize, usize>)
    where
        T: Borrow<Q>,
    {
        let behind = self.chunks.partition_point(|chunk| chunk[0].borrow() <= value);
        let index = behind.saturating_sub(1);
        let place = self
            .chunks
            .get(index)
            .map_or(Err(0), |chunk| chunk.binary_search_by(|known| known.borrow().cmp(value)));
        (index, place)
    }

    pub(super) fn insert(&mut self, value: T) {
        let (index, Err(place)) = self.find(&value) else { return };
        self.len += 1;
        let Some(chunk) = self.chunks.get_mut(index) else { return self.chunks.push(vec![value]) };
        chunk.insert(place, value);
        if chunk.len() > CHUNK {
            let second = chunk.split_off(CHUNK / 2);
            self.chunks.insert(index + 1, second);
        }
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, value: &Q)
    where
        T: Borrow<Q>,
    {
        let (index, Ok(place)) = self.find(value) else { return };
        self.len -= 1;
        self.chunks[index].remove(place);
        if self.chunks[index].is_empty() {
            self.chunks.remove(index);
        }
    }

    /// Everything but the first `skip`.
    pub(super) fn from(&self, mut skip: usize) -> impl Iterator<Item = &T> {
        let whole = self.chunks.iter().take_while(|chunk| {
            let passed = chunk.len() <= skip;
            skip -= if passed { chunk.len() } else { 0 };
            passed
        });
        let first = whole.count();
        self.chunks[first..].iter().flatten().skip(skip)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_agrees_with_a_tree() {
        let (mut sorted, mut tree) = (Sorted::default(), BTreeSet::new());
        let mut number = 1u64;
        for round in 0..20_000 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (number >> 33) % 5000;
            // Mostly growing, then mostly shrinking.
            if (number >> 20) % 4 < if round < 12_000 { 3 } else { 1 } {
                sorted.insert(value);
                tree.insert(value);
            } else {
                sorted.remove(&value);
                tree.remove(&value);
            }
        }
        assert_eq!(sorted.len(), tree.len());
        assert!(sorted.chunks.len() > 1 && sorted.chunks.iter().all(|chunk| !chunk.is_empty()));
        for skip in [0, 1, CHUNK - 1, CHUNK, tree.len() - 1, tree.len(), tree.len() + 1, usize::MAX] {
            assert!(sorted.from(skip).eq(tree.iter().skip(skip)), "from {skip}");
        }
    }

    #[test]
    fn it_can_be_emptied() {
        let mut sorted = Sorted::default();
        sorted.insert(1);
        sorted.insert(1);
        sorted.remove(&2);
        sorted.remove(&1);
        assert_eq!((sorted.len(), sorted.from(0).count()), (0, 0));
    }
}
