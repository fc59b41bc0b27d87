//! How many connections one address has. Kept in memory for as long as it has any, and never written down.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::addresses::network;

/// Counts connections by address.
#[derive(Default)]
pub(crate) struct Places(Mutex<HashMap<IpAddr, usize>>);

/// One connection of an address. It is over when this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    /// A place, unless the address has `most` already.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Place> {
        let address = network(address);
        let mut counted = self.counted();
        let taken = counted.get(&address).copied().unwrap_or_default();
        if taken >= most {
            return None;
        }
        counted.insert(address, taken + 1);
        Some(Place { places: Arc::clone(self), address })
    }

    /// What a panic left behind is still right: it is changed in one step.
    fn counted(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Entry::Occupied(mut taken) = self.places.counted().entry(self.address) {
            if *taken.get() > 1 {
                *taken.get_mut() -= 1;
            } else {
                taken.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_one_that_is_given_up_can_be_taken_again() {
        let places = Arc::new(Places::default());
        let [one, other] = [1, 2].map(|number| IpAddr::from([192, 0, 2, number]));
        let first = places.take(one, 2).unwrap();
        let second = places.take(one, 2).unwrap();
        assert!(places.take(one, 2).is_none());
        assert!(places.take(other, 2).is_some());
        drop(first);
        let third = places.take(one, 2).unwrap();
        assert!(places.take(one, 2).is_none());
        drop((second, third));
        assert!(places.counted().is_empty(), "nothing is kept of who has gone");
    }
}
