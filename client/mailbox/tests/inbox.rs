//! The inbox with a relay that is honest.

use api::letters::LetterPage;
use client_mailbox::{
    inbox::{Alarm, Inbox, InboxError, RelayLie, Unopenable, ViewError},
    local::names,
    markdown::{Block, Span},
    registry::{Registry, SenderError},
};
use crypto_core::letter::{Action, ActionCode, Letter, LetterId};
use relay_auth::cbor::Bytes;

use crate::{
    device::{Device, NO_ALARM, with_letters},
    fake_relay::Relay,
    world::{NOW, body_key, letter, letter_id},
};

#[test]
fn a_letter_is_opened_stored_filed_and_shown() {
    let (mut device, mut relay) = with_letters(&["first", "second"]);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.labels(), ["second", "first"]);
    assert_eq!((device.inbox.last(), device.inbox.filings().count()), (2, 0));
    // Acknowledged and in the archive, and it comes once.
    assert!(relay.letters.iter().all(|letter| letter.envelope.is_none()));
    assert_eq!(relay.objects.len(), 2);
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);

    let summary = device.inbox.summaries(&device.registry).remove(1);
    assert_eq!((summary.label.as_str(), summary.arrived), ("first", NOW));
    assert_eq!(summary.sender.name, "Example Council");
    assert_eq!(summary.sender.name_in_gaelic.as_deref(), Some("Comhairle Eisimpleir"));
    assert!(!summary.sender.is_suspended);
    let id = device.inbox.find(&summary.id).unwrap();
    let record = &device.disk[&names::letter(&id)];
    let view = device.inbox.view(&id, record.content.as_ref(), &device.reader()).unwrap();
    assert!(view.summary == summary);
    assert_eq!(view.in_plain_words.as_deref(), Some("You owe £120. Pay by 1 April."));
    assert!(view.text[0] == Block::Paragraph(vec![Span::Text("Dear Ms O’Neil,".to_owned())]));
}

#[test]
fn an_action_leads_to_a_registered_host_or_nowhere() {
    let mut device = Device::new();
    let mut relay = Relay::new();
    let action = |url: &str| Action {
        code: ActionCode::Form,
        label: "Fill in".to_owned(),
        by: Some(NOW),
        url: Some(url.to_owned()),
        reference: None,
        amount: None,
        start: None,
        end: None,
        place: None,
        attachment: None,
        details: None,
        until: None,
    };
    let actions = vec![action("https://pay.example.scot/x"), action("https://evil.example/x")];
    relay.deposit(device.sealed_as(&Letter { actions, ..letter() }, &body_key(), |_| ()));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    let id = device.inbox.find(&device.inbox.summaries(&device.registry)[0].id).unwrap();
    let record = &device.disk[&names::letter(&id)];
    let view = device.inbox.view(&id, record.content.as_ref(), &device.reader()).unwrap();
    let hosts: Vec<_> =
        view.actions.iter().map(|action| action.link.as_ref().map(|link| link.host.as_str())).collect();
    assert_eq!(hosts, [Some("pay.example.scot"), None]);
}

#[test]
fn letters_come_page_by_page() {
    let (mut device, mut relay) = with_letters(&["a", "b", "c", "d", "e"]);
    relay.at_once = 2;
    let first = device.list(&relay.page(0)).unwrap();
    assert_eq!((first.new, first.is_complete, device.inbox.last()), (2, false, 2));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.labels(), ["e", "d", "c", "b", "a"]);
}

#[test]
fn a_letter_of_a_body_that_is_new_to_the_registry_is_shown_once_it_is_known() {
    let (mut device, mut relay) = with_letters(&["early"]);
    let known = std::mem::replace(&mut device.registry, Registry::empty());
    let why = Unopenable::Sender(SenderError::Unknown);
    assert_eq!(device.synchronise(&mut relay), [Alarm::Unopenable { sequence: 1, why }]);
    device.reload();
    assert_eq!(device.inbox.unopened(), [1]);
    device.registry = known;
    let page = LetterPage { letters: relay.letters[..1].to_vec(), ..relay.page(0) };
    let other = LetterPage { letters: vec![], ..page.clone() };
    assert_eq!(device.again(1, &other), Err(RelayLie::Withheld));
    let received = device.again(1, &page).unwrap();
    assert_eq!((received.new, received.alarms), (1, vec![]));
    assert_eq!((device.labels(), device.inbox.unopened()), (vec!["early".to_owned()], vec![]));
    device.synchronise(&mut relay);
    assert!(relay.letters[0].envelope.is_none());
}

#[test]
fn an_identical_letter_is_filed_and_not_shown_twice() {
    let (mut device, mut relay) = with_letters(&["once"]);
    relay.deposit(device.sealed(1, "once"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    relay.deposit(device.sealed(1, "once"));
    device.reload();
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.labels(), ["once"]);
    assert!(relay.letters.iter().all(|letter| letter.envelope.is_none()));
    assert_eq!(relay.objects.len(), 3);
}

#[test]
fn after_a_reload_everything_is_there_and_what_was_not_filed_is_filed() {
    let (mut device, mut relay) = with_letters(&["a", "b"]);
    let _ = device.list(&relay.page(0)).unwrap();
    let before: Vec<_> = device.inbox.filings().map(|filing| filing.content().to_vec()).collect();
    assert_eq!(before.len(), 2);
    device.reload();
    let after: Vec<_> = device.inbox.filings().map(|filing| filing.content().to_vec()).collect();
    assert_eq!(after, before);
    assert_eq!((device.inbox.last(), device.labels()), (2, vec!["b".to_owned(), "a".to_owned()]));
    relay.deposit(device.sealed(3, "c"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    device.reload();
    assert_eq!((device.labels().len(), device.inbox.filings().count()), (3, 0));
    assert!(!device.disk.keys().any(|name| name.starts_with(names::FILING)));
}

#[test]
fn a_stored_inbox_that_is_not_whole_is_not_taken() {
    let (mut device, relay) = with_letters(&["a", "b"]);
    let _ = device.list(&relay.page(0)).unwrap();
    let all: Vec<_> = device.disk.values().cloned().collect();
    assert!(Inbox::load(&device.enrolled, &all).is_ok());
    assert_eq!(Inbox::load(&device.enrolled, &[]).err(), Some(InboxError::Incomplete));
    for (place, record) in all.iter().enumerate() {
        if record.name.starts_with(names::LETTER) {
            continue;
        }
        let mut without = all.clone();
        without.remove(place);
        let refused = Inbox::load(&device.enrolled, &without).err();
        assert_eq!(refused, Some(InboxError::Incomplete), "{}", record.name);
        let mut altered = all.clone();
        altered[place].content = Bytes::from(vec![0x80]);
        assert!(Inbox::load(&device.enrolled, &altered).is_err(), "{}", record.name);
    }
}

#[test]
fn a_stored_letter_is_verified_again_when_it_is_read() {
    let (mut device, mut relay) = with_letters(&["a", "b"]);
    device.synchronise(&mut relay);
    let ids: Vec<_> = device
        .inbox
        .summaries(&device.registry)
        .iter()
        .map(|summary| device.inbox.find(&summary.id).unwrap())
        .collect();
    let record = |place: usize| device.disk[&names::letter(&ids[place])].content.0.clone();
    let view = |place: usize, record: &[u8]| {
        device.inbox.view(&ids[place], record, &device.reader()).map(|view| view.summary.label)
    };
    assert_eq!(view(0, &record(0)), Ok("b".to_owned()));
    assert_eq!(view(0, &record(1)), Err(ViewError::OtherLetter));
    let honest = record(0);
    for place in (0..honest.len()).step_by(7) {
        let mut altered = honest.clone();
        altered[place] ^= 1;
        assert!(view(0, &altered).is_err(), "byte {place}");
    }
    assert_eq!(device.inbox.find("00112233445566778899aabbccddeeff"), None);
    assert_eq!(device.inbox.find("x"), None);
}

#[test]
fn letters_with_other_ids_and_equal_content_are_two_letters() {
    let (mut device, mut relay) = with_letters(&["same", "same"]);
    let third = device.sealed_as(&letter(), &body_key(), |statement| statement.id = LetterId::from([9; 16]));
    relay.deposit(third);
    relay.deposit(device.sealed_as(&letter(), &body_key(), |statement| statement.id = letter_id()));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.labels().len(), 4);
}

#[test]
fn what_is_in_memory_does_not_show_in_logs() {
    let (mut device, mut relay) = with_letters(&["Your secret"]);
    let received = device.list(&relay.page(0)).unwrap();
    let shown = format!("{received:?} {:?} {:?}", device.inbox, device.inbox.summaries(&device.registry));
    device.synchronise(&mut relay);
    for secret in ["secret", "Council", "council", "[9, 9"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
