//! One after the other, whole or not at all, durable when answered, visible when durable.

use std::sync::mpsc;

use store::{Engine, KEY_LIMIT, LONG_LIMIT, Options, StoreError, VALUE_LIMIT, View};

use crate::support::{hold, open, options};

/// Adds one to a counter and says what it was before.
fn increment(view: &mut View) -> Result<u64, StoreError> {
    let bytes = view.get(b"counter")?;
    let count = bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
    view.insert(b"counter", &(count + 1).to_be_bytes())?;
    Ok(count)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_racers_none_loses_an_increment() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let racers = (0..64).map(|_| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let mut seen = Vec::new();
            for _ in 0..20 {
                seen.push(engine.write(increment).await.unwrap());
            }
            seen
        })
    });
    let racers: Vec<_> = racers.collect();
    let mut seen = Vec::new();
    for racer in racers {
        seen.extend(racer.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..64 * 20).collect::<Vec<u64>>());
}

#[tokio::test]
async fn an_error_undoes_its_own_transaction_alone() {
    #[derive(Debug)]
    enum Refused {
        Spent,
        Store,
    }
    impl From<StoreError> for Refused {
        fn from(_: StoreError) -> Self {
            Self::Store
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let gate = hold(&engine).await;
    let (before, refused, after, ()) = tokio::join!(
        engine.write(|view| view.insert(b"before", b"kept")),
        engine.write(|view| {
            view.insert(b"before", b"overwritten")?;
            view.insert_long(b"long", &[7; 9000])?;
            Err::<(), _>(Refused::Spent)
        }),
        engine.write(|view| {
            let before = view.get(b"before")?.unwrap_or_default();
            view.insert(b"after", &before)
        }),
        async move { drop(gate) },
    );
    before.unwrap();
    after.unwrap();
    assert!(matches!(refused, Err(Refused::Spent)), "{refused:?}");
    assert_eq!(engine.get(b"before").unwrap(), Some(b"kept".to_vec()));
    assert_eq!(engine.get(b"after").unwrap(), Some(b"kept".to_vec()));
    assert_eq!(engine.get_long(b"long").unwrap(), None);
}

#[tokio::test]
async fn a_panic_undoes_its_transaction_and_the_engine_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let gate = hold(&engine).await;
    let (panicked, after, ()) = tokio::join!(
        engine.write(|view| -> Result<(), StoreError> {
            view.insert(b"key", b"value")?;
            panic!("a fault in a transaction, on purpose");
        }),
        engine.write(|view| view.get(b"key")),
        async move { drop(gate) },
    );
    assert!(matches!(panicked, Err(StoreError::Panicked)), "{panicked:?}");
    assert_eq!(after.unwrap(), None);
    assert_eq!(engine.failed(), None);
    engine.write(|view| view.insert(b"key", b"value")).await.unwrap();
    assert_eq!(engine.get(b"key").unwrap(), Some(b"value".to_vec()));
}

#[tokio::test]
async fn a_group_sees_its_earlier_writes_and_nobody_else_does_before_the_disk_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let outside = engine.clone();
    let gate = hold(&engine).await;
    let (written, seen, ()) = tokio::join!(
        engine.write(|view| {
            view.insert(b"row", b"value")?;
            view.insert_long(b"long", &[7; 9000])
        }),
        engine.write(move |view| {
            let inside = (view.get(b"row")?, view.get_long(b"long")?, view.scan_prefix(b"r", None, 9)?.len());
            let outside =
                (outside.get(b"row")?, outside.get_long(b"long")?, outside.scan(b"r", None, 9)?.len());
            Ok::<_, StoreError>((inside, outside))
        }),
        async move { drop(gate) },
    );
    written.unwrap();
    let (inside, outside) = seen.unwrap();
    assert_eq!(inside, (Some(b"value".to_vec()), Some(vec![7; 9000]), 1));
    assert_eq!(outside, (None, None, 0));
    assert_eq!(engine.get(b"row").unwrap(), Some(b"value".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_reads_in_one_call_belong_to_one_state() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let writer = tokio::spawn({
        let engine = engine.clone();
        async move {
            for number in 0..300_u64 {
                let both = move |view: &mut View| {
                    view.insert(b"left", &number.to_be_bytes())?;
                    view.insert(b"right", &number.to_be_bytes())
                };
                engine.write(both).await.unwrap();
            }
        }
    });
    while !writer.is_finished() {
        let pair = engine.read(|reader| Ok::<_, StoreError>((reader.get(b"left")?, reader.get(b"right")?)));
        let (left, right) = pair.unwrap();
        assert_eq!(left, right);
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_writers_than_the_queue_has_places_are_all_served() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path(), Options { queue: 1, ..options() }).unwrap();
    let writers = (0..50_u8).map(|number| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.write(move |view| view.insert(&[number], b"")).await })
    });
    let writers: Vec<_> = writers.collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(engine.scan(b"", None, usize::MAX).unwrap().len(), 50);
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let fill = |view: &mut View| -> Result<(), StoreError> {
        view.insert(b"a", b"other prefix")?;
        view.insert(b"c", b"other prefix")?;
        (0..100_u8).try_for_each(|number| view.insert(&[b'b', number], &[number]))
    };
    engine.write_blocking(fill).unwrap();
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = engine.scan(b"b", after.as_deref(), 7).unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        found.extend(page.into_iter().flat_map(|(_, value)| value));
    }
    assert_eq!(found, (0..100).collect::<Vec<u8>>());
}

#[test]
fn a_second_opener_is_told_that_the_store_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let second = Engine::open(folder.path(), options()).unwrap_err();
    assert!(matches!(second, StoreError::InUse { .. }), "{second}");
    assert!(second.to_string().contains("already open"), "{second}");
    drop(engine);
    open(folder.path());
}

#[test]
fn what_was_answered_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5_u8 {
        let engine = open(folder.path());
        for earlier in 0..round {
            assert_eq!(engine.get(&[earlier]).unwrap(), Some(vec![earlier]));
            assert_eq!(engine.get_long(&[earlier]).unwrap(), Some(vec![earlier; LONG_LIMIT]));
        }
        let write = move |view: &mut View| {
            view.insert(&[round], &[round])?;
            view.insert_long(&[round], &vec![round; LONG_LIMIT])
        };
        engine.write_blocking(write).unwrap();
    }
}

#[test]
fn what_is_too_large_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let refused = engine.write_blocking(|view| view.insert(&[0; KEY_LIMIT + 1], b"")).unwrap_err();
    assert_eq!(refused.to_string(), "a key of 129 bytes is over the limit of 128 bytes");
    let refused = engine.write_blocking(|view| view.insert(b"", &[0; VALUE_LIMIT + 1])).unwrap_err();
    assert_eq!(refused.to_string(), "a value of 2049 bytes is over the limit of 2048 bytes");
    let refused = engine.write_blocking(|view| view.insert_long(b"", &vec![0; LONG_LIMIT + 1])).unwrap_err();
    assert_eq!(refused.to_string(), "a long value of 131073 bytes is over the limit of 131072 bytes");
    assert!(matches!(engine.get(&[0; KEY_LIMIT + 1]), Err(StoreError::TooLarge { .. })));
    engine.write_blocking(|view| view.insert(&[0; KEY_LIMIT], &[0; VALUE_LIMIT])).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_handle_may_go_inside_a_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let (entered, inside) = tokio::sync::oneshot::channel();
    let (release, gate) = mpsc::channel::<()>();
    let last = engine.clone();
    let writer = tokio::spawn(async move {
        let write = engine.write(move |view| {
            let _ = entered.send(());
            let _ = gate.recv();
            drop(last);
            view.insert(b"key", b"value")
        });
        write.await
    });
    inside.await.unwrap();
    writer.abort();
    assert!(writer.await.unwrap_err().is_cancelled());
    drop(release);
    // Nobody awaited it, and it was in the queue: it is done all the same.
    let engine = open(folder.path());
    assert_eq!(engine.get(b"key").unwrap(), Some(b"value".to_vec()));
}
