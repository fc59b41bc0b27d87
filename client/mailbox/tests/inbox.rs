//! The inbox with a relay that is honest.

use api::letters::LetterPage;
use client_mailbox::{
    inbox::{AgainPass, Alarm, Inbox, InboxError, Part, RelayLie, Unopenable, ViewError},
    letter::Form,
    local::names,
    registry::{Registry, SenderError},
};
use crypto_core::letter::{Action, ActionCode, Alternative, AlternativeKind, Inline, Letter, LetterId};
use relay_auth::cbor::Bytes;

use crate::{
    device::{Device, NO_ALARM, approvals_in, with_letters},
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
    // As it was signed: who shows it reads it as Markdown.
    assert!(view.text == letter().text);
    assert_eq!(view.hosts, ["pay.example.scot"]);
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
fn whatever_was_signed_of_an_action_and_of_other_forms_is_shown() {
    let mut device = Device::new();
    let mut relay = Relay::new();
    let action = Action {
        code: ActionCode::Appointment,
        label: "Come".to_owned(),
        by: Some(NOW),
        url: Some("https://evil.example/x".to_owned()),
        reference: Some("CT1".to_owned()),
        amount: None,
        start: Some(NOW + 1),
        end: Some(NOW + 2),
        place: Some("1 High Street".to_owned()),
        attachment: None,
        details: Some("Bring a paper.".to_owned()),
        until: Some(NOW + 3),
    };
    let form = |kind, url: Option<&str>, inline| Alternative {
        kind,
        language: "gd".to_owned(),
        attachment: None,
        url: url.map(str::to_owned),
        inline,
    };
    let inline = Inline {
        label: "Cìs comhairle".to_owned(),
        text: "Tha *£120* ri phàigheadh.".to_owned(),
        summary: Some("Pàigh £120.".to_owned()),
    };
    let alternatives = vec![
        form(AlternativeKind::Translation, None, Some(inline)),
        form(AlternativeKind::SignLanguage, Some("https://pay.example.scot/bsl"), None),
        form(AlternativeKind::Audio, Some("https://evil.example/mp3"), None),
    ];
    let content = Letter { actions: vec![action], alternatives, ..letter() };
    relay.deposit(device.sealed_as(&content, &body_key(), |_| ()));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    let id = device.inbox.find(&device.inbox.summaries(&device.registry)[0].id).unwrap();
    let record = &device.disk[&names::letter(&id)];
    let view = device.inbox.view(&id, record.content.as_ref(), &device.reader()).unwrap();

    let action = &view.actions[0];
    // An address that may not be opened is shown as text.
    assert!(action.link.is_none());
    assert_eq!(action.address.as_deref(), Some("https://evil.example/x"));
    let times = [action.by, action.start, action.end, action.until];
    assert_eq!(times, [Some(NOW), Some(NOW + 1), Some(NOW + 2), Some(NOW + 3)]);
    assert_eq!(action.place.as_deref(), Some("1 High Street"));
    assert_eq!(action.details.as_deref(), Some("Bring a paper."));

    let [translation, signed, sound] = &view.alternatives[..] else { panic!("three forms") };
    assert_eq!((translation.form, translation.language.as_str()), (Form::Translation, "gd"));
    assert_eq!(translation.label.as_deref(), Some("Cìs comhairle"));
    assert_eq!(translation.in_plain_words.as_deref(), Some("Pàigh £120."));
    assert_eq!(translation.text.as_deref(), Some("Tha *£120* ri phàigheadh."));
    let host = signed.link.as_ref().map(|link| link.host.as_str());
    assert_eq!((signed.form, host, &signed.address), (Form::SignLanguage, Some("pay.example.scot"), &None));
    assert!(signed.text.is_none());
    assert!(sound.link.is_none());
    assert_eq!(sound.address.as_deref(), Some("https://evil.example/mp3"));
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
    // The directory may help with this one.
    assert!(device.inbox.said_to_be_filed().is_empty());
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
fn letters_that_stayed_at_the_relay_are_listed_again_page_by_page() {
    let (mut device, mut relay) = with_letters(&["a", "b", "c", "d", "e"]);
    let known = std::mem::replace(&mut device.registry, Registry::empty());
    device.synchronise(&mut relay);
    device.registry = known;
    relay.at_once = 2;
    let mut pass = AgainPass::of(&[1, 2, 4, 5]);
    let mut asked = Vec::new();
    while let Some(Part { after, limit }) = pass.part() {
        asked.push((after, limit));
        assert_eq!(device.again_of(&mut pass, &relay.page(after)).unwrap().alarms, NO_ALARM);
    }
    // One that lies between two is not taken for being listed with them.
    assert_eq!((asked, device.inbox.unopened()), (vec![(0, 5), (3, 2)], vec![3]));
    assert_eq!(device.labels(), ["e", "d", "b", "a"]);
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
        let shown = view(0, &altered);
        let is_approval = approvals_in(&honest).contains(&place) && shown == Ok("b".to_owned());
        assert!(shown.is_err() || is_approval, "byte {place}");
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
