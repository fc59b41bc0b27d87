//! What keeps the program small that a browser loads.

/// Collects things one after the other. `collect` sorts them first, by a sort that is made for each type
/// anew; those sorts were a twentieth of the vault.
pub(crate) fn gathered<C: Default + Extend<T>, T>(things: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(things);
    all
}
