//! What the browser keeps for this profile: IndexedDB, and nothing else of the browser's storage.
//!
//! Two object stores: `open` holds what has to be read before a passphrase is given, `sealed` holds
//! records under the vault key. A write is one transaction over both with strict durability, and has
//! happened when [`Storage::write`] returns: only then may anything be sent that depends on it.
//!
//! This talks to the browser's interface itself. A crate in between has no way to ask for strict
//! durability, and hands the browser functions that may be gone when the browser calls them. Here
//! the browser gets the functions of promises, which are always there.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbFactory, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
};

use crate::worker::Worker;

const DATABASE: &str = "letterbox";
const VERSION: u32 = 1;

/// Above every sign that a key may have.
const AFTER_ALL_KEYS: char = '\u{ffff}';

/// One of the two object stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// Readable without the passphrase.
    Open,
    /// Sealed under the vault key.
    Sealed,
}

impl Shelf {
    pub(crate) const ALL: [Self; 2] = [Self::Open, Self::Sealed];

    const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sealed => "sealed",
        }
    }
}

/// A part of a write.
pub(crate) enum Change {
    Put(Shelf, String, Vec<u8>),
    Remove(Shelf, String),
    /// To another key of the same shelf.
    Move(Unread, String),
}

/// A record as it stands there, be it what was stored or not. It stays in the browser's memory.
pub(crate) struct Unread {
    shelf: Shelf,
    key: String,
    value: JsValue,
}

impl Unread {
    /// Where it stands.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

/// Why nothing was read or stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StorageError {
    /// No databases here, no room left, or the database was closed by the browser.
    #[error("the browser does not store anything for this page, or has no room")]
    Unavailable,
    /// Something else than bytes stands there.
    #[error("what the browser stores for this page is not what was stored")]
    Damaged,
}

impl From<JsValue> for StorageError {
    fn from(_: JsValue) -> Self {
        // What the browser says of it names its own workings, and would help nobody.
        Self::Unavailable
    }
}

/// The open database.
#[derive(Clone)]
pub(crate) struct Storage(IdbDatabase);

impl Storage {
    /// Opens the database and makes it where there is none.
    pub(crate) async fn open(worker: &Worker) -> Result<Self, StorageError> {
        let factory = worker.databases().ok_or(StorageError::Unavailable)?;
        let database = connect(&factory).await?;
        // A newer version of this program in another tab must not have to wait for this one.
        let close = Closure::<dyn FnMut(JsValue)>::new({
            let database = database.clone();
            move |_: JsValue| database.close()
        });
        database.set_onversionchange(Some(close.into_js_value().unchecked_ref()));
        keep(worker);
        Ok(Self(database))
    }

    /// The record at `key`.
    pub(crate) async fn read(&self, shelf: Shelf, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let request = self.reading(shelf)?.get(&key.into())?;
        let value = result(&request, settled(&request)).await?;
        if value.is_undefined() { Ok(None) } else { bytes(&value).map(Some) }
    }

    /// Whether something stands at `key`, be it what was stored or not.
    pub(crate) async fn holds(&self, shelf: Shelf, key: &str) -> Result<bool, StorageError> {
        let request = self.reading(shelf)?.get(&key.into())?;
        Ok(!result(&request, settled(&request)).await?.is_undefined())
    }

    /// The keys that start with `prefix`, in their order.
    pub(crate) async fn keys(&self, shelf: Shelf, prefix: &str) -> Result<Vec<String>, StorageError> {
        let range = starting_with(prefix)?;
        let request = self.reading(shelf)?.get_all_keys_with_key(&range)?;
        let keys: Array = result(&request, settled(&request)).await?.dyn_into()?;
        Ok(keys.iter().filter_map(|key| key.as_string()).collect())
    }

    /// What stands at each of the keys, for moving it.
    pub(crate) async fn unread(&self, shelf: Shelf, keys: Vec<String>) -> Result<Vec<Unread>, StorageError> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            // One after the other: browsers have a limit for what they hand over at once.
            let request = self.reading(shelf)?.get(&key.as_str().into())?;
            let value = result(&request, settled(&request)).await?;
            if !value.is_undefined() {
                found.push(Unread { shelf, key, value });
            }
        }
        Ok(found)
    }

    /// The records whose keys start with `prefix`, in the order of their keys.
    pub(crate) async fn records(
        &self,
        shelf: Shelf,
        prefix: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let store = self.reading(shelf)?;
        let range = starting_with(prefix)?;
        // Both in one transaction, so that they fit each other.
        let (keys, values) = (store.get_all_keys_with_key(&range)?, store.get_all_with_key(&range)?);
        let (keys_settled, values_settled) = (settled(&keys), settled(&values));
        let keys: Array = result(&keys, keys_settled).await?.dyn_into()?;
        let values: Array = result(&values, values_settled).await?.dyn_into()?;
        let pairs = keys.iter().zip(values.iter());
        pairs
            .map(|(key, value)| Ok((key.as_string().ok_or(StorageError::Damaged)?, bytes(&value)?)))
            .collect()
    }

    /// Stores all of `changes` or none. Returns when they are as durable as the browser makes them.
    pub(crate) async fn write(&self, changes: Vec<Change>) -> Result<(), StorageError> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = writing(&self.0)?;
        let completed = Promise::new(&mut |resolve, reject| {
            transaction.set_oncomplete(Some(&resolve));
            transaction.set_onabort(Some(&reject));
        });
        let completed = JsFuture::from(completed);
        if changes.iter().try_for_each(|change| queue(&transaction, change)).is_err() {
            // Without this, what was queued before the failure would be stored alone.
            let _ = transaction.abort();
            return Err(StorageError::Unavailable);
        }
        completed.await?;
        Ok(())
    }

    fn reading(&self, shelf: Shelf) -> Result<IdbObjectStore, StorageError> {
        Ok(self.0.transaction_with_str(shelf.name())?.object_store(shelf.name())?)
    }
}

async fn connect(factory: &IdbFactory) -> Result<IdbDatabase, StorageError> {
    let request: IdbOpenDbRequest = factory.open_with_u32(DATABASE, VERSION)?;
    let make = Closure::<dyn FnMut(JsValue)>::new(|event: JsValue| {
        let target = Reflect::get(&event, &"target".into());
        let Ok(request) = target.and_then(|target| target.dyn_into::<IdbRequest>()) else { return };
        if make_stores(&request).is_err()
            && let Some(upgrade) = request.transaction()
        {
            // All stores or no database: the opening fails with it.
            let _ = upgrade.abort();
        }
    });
    request.set_onupgradeneeded(Some(make.into_js_value().unchecked_ref()));
    let opened = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
        request.set_onblocked(Some(&reject));
    });
    JsFuture::from(opened).await?;
    Ok(request.result()?.dyn_into()?)
}

fn make_stores(request: &IdbRequest) -> Result<(), JsValue> {
    let database: IdbDatabase = request.result()?.dyn_into()?;
    for shelf in Shelf::ALL {
        database.create_object_store(shelf.name())?;
    }
    Ok(())
}

/// Asks the browser not to throw the records away when the disk runs full. Some browsers ask their
/// user, some refuse, some know it in windows only: all of that is as good as it gets.
fn keep(worker: &Worker) {
    let ask = || -> Result<Promise, JsValue> {
        let storage = Reflect::get(&worker.navigator(), &"storage".into())?;
        let persist: Function = Reflect::get(&storage, &"persist".into())?.dyn_into()?;
        persist.call0(&storage)?.dyn_into()
    };
    if let Ok(promise) = ask() {
        // Not waited for: a question to the user may stand for long.
        drop(JsFuture::from(promise));
    }
}

/// A transaction for writing, over both stores. web-sys has the options that ask for strict
/// durability among its unstable interfaces only; browsers that do not know them ignore them.
fn writing(database: &IdbDatabase) -> Result<IdbTransaction, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"durability".into(), &"strict".into())?;
    let names: Array = Shelf::ALL.iter().map(|shelf| JsValue::from(shelf.name())).collect();
    let begin: Function = Reflect::get(database, &"transaction".into())?.dyn_into()?;
    begin.apply(database, &Array::of3(&names, &"readwrite".into(), &options))?.dyn_into()
}

fn queue(transaction: &IdbTransaction, change: &Change) -> Result<(), JsValue> {
    match change {
        Change::Put(shelf, key, value) => transaction
            .object_store(shelf.name())?
            .put_with_key(&Uint8Array::from(&value[..]), &key.as_str().into())?,
        Change::Remove(shelf, key) => transaction.object_store(shelf.name())?.delete(&key.as_str().into())?,
        Change::Move(Unread { shelf, key, value }, to) => {
            let store = transaction.object_store(shelf.name())?;
            store.put_with_key(value, &to.as_str().into())?;
            store.delete(&key.as_str().into())?
        }
    };
    Ok(())
}

fn starting_with(prefix: &str) -> Result<IdbKeyRange, StorageError> {
    let last = format!("{prefix}{AFTER_ALL_KEYS}");
    Ok(IdbKeyRange::bound(&prefix.into(), &last.as_str().into())?)
}

/// Settles with the request. To be called before anything is awaited: an event comes once.
fn settled(request: &IdbRequest) -> JsFuture {
    JsFuture::from(Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    }))
}

async fn result(request: &IdbRequest, settled: JsFuture) -> Result<JsValue, StorageError> {
    settled.await?;
    Ok(request.result()?)
}

fn bytes(value: &JsValue) -> Result<Vec<u8>, StorageError> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).ok_or(StorageError::Damaged)
}
