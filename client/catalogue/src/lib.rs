//! Every text that a person reads in the client, in English and Scottish Gaelic.
//!
//! The texts stand in `en.ftl` and `gd.ftl`, in [Fluent](https://projectfluent.org), which gives
//! translators plural forms by locale (Gaelic has four). Components name a [`Message`] and hold no
//! text. The tests fail when a message is missing in a language, when a language has a message
//! that no component names, or when the two differ in the values they take.

#![forbid(unsafe_code)]

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::{LanguageIdentifier, langid};

/// A language of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, the language of first resort.
    English,
    /// Scottish Gaelic.
    Gaelic,
}

impl Language {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::English, Self::Gaelic];

    /// The BCP 47 tag, for the `lang` attribute.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Gaelic => "gd",
        }
    }

    /// The other language.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::English => Self::Gaelic,
            Self::Gaelic => Self::English,
        }
    }

    /// The language that a browser's first preferred tag asks for (RFC 4647 basic filtering on the
    /// primary subtag).
    #[must_use]
    pub fn from_preference(tag: &str) -> Self {
        match tag.split('-').next() {
            Some(primary) if primary.eq_ignore_ascii_case("gd") => Self::Gaelic,
            _ => Self::English,
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../en.ftl"),
            Self::Gaelic => include_str!("../gd.ftl"),
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::English => langid!("en"),
            Self::Gaelic => langid!("gd"),
        }
    }
}

/// A value put into a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, shown as it is.
    Text(String),
    /// A whole number, which chooses the plural form.
    Count(u32),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

/// The texts of one language.
pub struct Catalogue {
    bundle: FluentBundle<FluentResource>,
}

impl Catalogue {
    /// Reads the texts of `language`.
    #[must_use]
    pub fn load(language: Language) -> Self {
        // A syntax error or a duplicate leaves the message out; the tests then fail.
        let resource = match FluentResource::try_new(language.source().to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        let mut bundle = FluentBundle::new(vec![language.identifier()]);
        // The marks around inserted values confuse some screen readers, and no text here mixes
        // directions of writing.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// The text of a message that takes no value.
    #[must_use]
    pub fn text(&self, message: Message) -> String {
        self.text_with(message, &[])
    }

    /// The text of a message with the values that it takes, by name.
    #[must_use]
    pub fn text_with(&self, message: Message, values: &[(&'static str, Value)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(
                *name,
                match value {
                    Value::Text(text) => FluentValue::from(text.as_str()),
                    Value::Count(count) => FluentValue::from(*count),
                },
            );
        }
        self.bundle
            .get_message(message.id())
            .and_then(|found| found.value())
            .map(|pattern| {
                self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).trim().to_owned()
            })
            .unwrap_or_default()
    }
}

macro_rules! messages {
    ($($variant:ident = $id:literal),+ $(,)?) => {
        /// A message of the catalogue. The text is under the same id in `en.ftl` and `gd.ftl`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Message {
            $(#[doc = concat!("`", $id, "`")] $variant,)+
        }

        impl Message {
            /// Every message.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The id under which the text stands in the catalogues.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }
        }
    };
}

messages! {
    LanguageName = "language-name",
    LanguageSwitch = "language-switch",
    LanguageReview = "language-review",
    LanguageReviewInEnglish = "language-review-in-english",
    AppTitle = "app-title",
    PageTitle = "page-title",
    PageTitleError = "page-title-error",
    SkipToContent = "skip-to-content",
    HeaderLandmark = "header-landmark",
    LanguageLandmark = "language-landmark",
    Lock = "lock",
    LockHint = "lock-hint",
    LeaveNow = "leave-now",
    LeaveNowHint = "leave-now-hint",
    LeaveNowCount = "leave-now-count",
    Back = "back",
    StartAgain = "start-again",
    LoadAgain = "load-again",
    Warning = "warning",
    ErrorTitle = "error-title",
    ErrorPrefix = "error-prefix",
    StartingName = "starting-name",
    StartingTitle = "starting-title",
    StartingText = "starting-text",
    StartName = "start-name",
    StartTitle = "start-title",
    StartLead = "start-lead",
    StartPrivateTitle = "start-private-title",
    StartPrivateText = "start-private-text",
    StartLeave = "start-leave",
    StartNeedTitle = "start-need-title",
    StartNeedAccount = "start-need-account",
    StartNeedPassphrase = "start-need-passphrase",
    StartNeedPaper = "start-need-paper",
    StartNeedTime = "start-need-time",
    StartEarlyTitle = "start-early-title",
    StartEarlyText = "start-early-text",
    StartBegin = "start-begin",
    StartRecover = "start-recover",
    VisitStart = "visit-start",
    VisitName = "visit-name",
    VisitTitle = "visit-title",
    VisitLead = "visit-lead",
    VisitTrust = "visit-trust",
    VisitKept = "visit-kept",
    VisitNextSignIn = "visit-next-sign-in",
    VisitNextRead = "visit-next-read",
    VisitNextTold = "visit-next-told",
    VisitNextEnd = "visit-next-end",
    VisitSignInText = "visit-sign-in-text",
    VisitSignInTab = "visit-sign-in-tab",
    VisitSignInStay = "visit-sign-in-stay",
    HandedOverName = "handed-over-name",
    HandedOverTitle = "handed-over-title",
    HandedOverText = "handed-over-text",
    VisitBar = "visit-bar",
    VisitSignOut = "visit-sign-out",
    VisitClose = "visit-close",
    VisitEndsSoon = "visit-ends-soon",
    VisitOverName = "visit-over-name",
    VisitOverTitle = "visit-over-title",
    VisitOverText = "visit-over-text",
    VisitOverIdle = "visit-over-idle",
    VisitOverTime = "visit-over-time",
    VisitOverEnded = "visit-over-ended",
    VisitOverFiles = "visit-over-files",
    VisitOverScotAccount = "visit-over-scotaccount",
    VisitOverCodeTitle = "visit-over-code-title",
    VisitOverCodeText = "visit-over-code-text",
    VisitOverStart = "visit-over-start",
    RecoverName = "recover-name",
    RecoverTitle = "recover-title",
    RecoverLead = "recover-lead",
    RecoverLabel = "recover-label",
    RecoverHint = "recover-hint",
    RecoverButton = "recover-button",
    RecoverStart = "recover-start",
    RecoverNewCode = "recover-new-code",
    RecoverNextTitle = "recover-next-title",
    RecoverNextPassphrase = "recover-next-passphrase",
    RecoverNextSignIn = "recover-next-sign-in",
    RecoverNextSheet = "recover-next-sheet",
    RecoverNextLetters = "recover-next-letters",
    RecoverWithoutTitle = "recover-without-title",
    RecoverWithoutText = "recover-without-text",
    RecoverWithoutStartAgain = "recover-without-start-again",
    ChoosePassphraseName = "choose-passphrase-name",
    ChoosePassphraseTitle = "choose-passphrase-title",
    ChoosePassphraseText = "choose-passphrase-text",
    ChoosePassphraseNewTitle = "choose-passphrase-new-title",
    ChoosePassphraseNewText = "choose-passphrase-new-text",
    ChoosePassphraseHint = "choose-passphrase-hint",
    ChoosePassphraseButton = "choose-passphrase-button",
    PassphraseAdviceWords = "passphrase-advice-words",
    PassphraseAdviceNew = "passphrase-advice-new",
    PassphraseAdviceKeep = "passphrase-advice-keep",
    PassphraseLabel = "passphrase-label",
    PassphraseShow = "passphrase-show",
    PassphraseHide = "passphrase-hide",
    PassphraseIsShown = "passphrase-is-shown",
    PassphraseIsHidden = "passphrase-is-hidden",
    SignInName = "sign-in-name",
    SignInTitle = "sign-in-title",
    SignInBegunEarlier = "sign-in-begun-earlier",
    SignInRecoveryBegunEarlier = "sign-in-recovery-begun-earlier",
    SignInText = "sign-in-text",
    SignInRecoveryText = "sign-in-recovery-text",
    SignInStepAccount = "sign-in-step-account",
    SignInRecoveryStepAccount = "sign-in-recovery-step-account",
    SignInStepIdentity = "sign-in-step-identity",
    SignInStepAddress = "sign-in-step-address",
    SignInPrivate = "sign-in-private",
    SignInGoOn = "sign-in-go-on",
    ReturningName = "returning-name",
    ReturningTitle = "returning-title",
    ReturningText = "returning-text",
    ConfirmName = "confirm-name",
    ConfirmTitle = "confirm-title",
    ConfirmText = "confirm-text",
    ConfirmWithAddress = "confirm-with-address",
    ConfirmWithoutAddress = "confirm-without-address",
    ConfirmNext = "confirm-next",
    ConfirmRecoveryNext = "confirm-recovery-next",
    ConfirmHint = "confirm-hint",
    ConfirmButton = "confirm-button",
    ConfirmForgottenText = "confirm-forgotten-text",
    ConfirmRecoveryForgottenText = "confirm-recovery-forgotten-text",
    ForgottenTitle = "forgotten-title",
    EnrolledElsewhereName = "enrolled-elsewhere-name",
    EnrolledElsewhereTitle = "enrolled-elsewhere-title",
    EnrolledElsewhereText = "enrolled-elsewhere-text",
    EnrolledElsewhereMore = "enrolled-elsewhere-more",
    SheetName = "sheet-name",
    SheetTitle = "sheet-title",
    SheetPurpose = "sheet-purpose",
    SheetPlace = "sheet-place",
    SheetOnce = "sheet-once",
    SheetOldCode = "sheet-old-code",
    SheetKeepTitle = "sheet-keep-title",
    SheetKeepText = "sheet-keep-text",
    SheetKeepHome = "sheet-keep-home",
    SheetKeepPhoto = "sheet-keep-photo",
    SheetKeepDevice = "sheet-keep-device",
    SheetPrint = "sheet-print",
    SheetWrittenDown = "sheet-written-down",
    SheetShow = "sheet-show",
    SheetCheckName = "sheet-check-name",
    SheetCheckTitle = "sheet-check-title",
    SheetCheckText = "sheet-check-text",
    SheetCheckHint = "sheet-check-hint",
    SheetCheckGroup = "sheet-check-group",
    SheetCheckButton = "sheet-check-button",
    ReadyName = "ready-name",
    ReadyTitle = "ready-title",
    ReadyLead = "ready-lead",
    ReadyMadeTitle = "ready-made-title",
    ReadyMadeIdentity = "ready-made-identity",
    ReadyMadeDevice = "ready-made-device",
    ReadyMadeChecked = "ready-made-checked",
    ReadyBackTitle = "ready-back-title",
    ReadyBackLead = "ready-back-lead",
    ReadyBackChangedTitle = "ready-back-changed-title",
    ReadyBackCode = "ready-back-code",
    ReadyBackDevices = "ready-back-devices",
    ReadyLostTitle = "ready-lost-title",
    ReadyLostText = "ready-lost-text",
    ReadyLostAdvice = "ready-lost-advice",
    ReadyEnter = "ready-enter",
    InboxName = "inbox-name",
    InboxTitle = "inbox-title",
    InboxLooking = "inbox-looking",
    InboxCount = "inbox-count",
    InboxEmptyTitle = "inbox-empty-title",
    InboxEmptyText = "inbox-empty-text",
    InboxNews = "inbox-news",
    InboxCame = "inbox-came",
    FromSender = "from-sender",
    FromSenderUnit = "from-sender-unit",
    ReplyBy = "reply-by",
    SuspendedShort = "suspended-short",
    ConnectionLost = "connection-lost",
    SessionIsOpen = "session-is-open",
    SessionWasOpen = "session-was-open",
    SessionWasMe = "session-was-me",
    SessionEnd = "session-end",
    SessionNotMe = "session-not-me",
    LetterName = "letter-name",
    LetterBack = "letter-back",
    SenderVerified = "sender-verified",
    SenderHowTitle = "sender-how-title",
    SenderHowText = "sender-how-text",
    SenderSuspended = "sender-suspended",
    LetterToDoTitle = "letter-to-do-title",
    LetterNothingToDo = "letter-nothing-to-do",
    LetterPlainTitle = "letter-plain-title",
    LetterTextTitle = "letter-text-title",
    AttachmentsTitle = "attachments-title",
    AttachmentsHint = "attachments-hint",
    AttachmentPdf = "attachment-pdf",
    AttachmentPicture = "attachment-picture",
    AttachmentText = "attachment-text",
    AttachmentOther = "attachment-other",
    AttachmentCanRun = "attachment-can-run",
    AttachmentNoKind = "attachment-no-kind",
    AttachmentSave = "attachment-save",
    AttachmentProgress = "attachment-progress",
    AttachmentQuarters = "attachment-quarters",
    AttachmentSaved = "attachment-saved",
    AttachmentSaveAgain = "attachment-save-again",
    SizeBytes = "size-bytes",
    SizeKilobytes = "size-kilobytes",
    SizeMegabytes = "size-megabytes",
    LetterContactTitle = "letter-contact-title",
    LetterCase = "letter-case",
    ActionBy = "action-by",
    ActionAmount = "action-amount",
    ActionReference = "action-reference",
    ActionStart = "action-start",
    ActionEnd = "action-end",
    ActionPlace = "action-place",
    ActionUntil = "action-until",
    FormsTitle = "forms-title",
    FormTranslation = "form-translation",
    FormLargePrint = "form-large-print",
    FormEasyRead = "form-easy-read",
    FormSignLanguage = "form-sign-language",
    FormAudio = "form-audio",
    FormBraille = "form-braille",
    FormPrint = "form-print",
    FormFile = "form-file",
    LinkHost = "link-host",
    DeadLink = "dead-link",
    SettingsOpen = "settings-open",
    SettingsName = "settings-name",
    SettingsTitle = "settings-title",
    SettingsDevice = "settings-device",
    SettingsIdle = "settings-idle",
    SettingsIdleHint = "settings-idle-hint",
    SettingsMinutes = "settings-minutes",
    SettingsHidden = "settings-hidden",
    SettingsHiddenHint = "settings-hidden-hint",
    SettingsSave = "settings-save",
    SettingsSaved = "settings-saved",
    SessionsTitle = "sessions-title",
    SessionsText = "sessions-text",
    SessionsNone = "sessions-none",
    SessionsUnknown = "sessions-unknown",
    SessionEndItself = "session-end-itself",
    SessionEndDevice = "session-end-device",
    SessionEndRestart = "session-end-restart",
    SessionEndTime = "session-end-time",
    LocksSoon = "locks-soon",
    LocksSoonStay = "locks-soon-stay",
    LocksLater = "locks-later",
    TypedEndsSoon = "typed-ends-soon",
    TypedStay = "typed-stay",
    TypedStays = "typed-stays",
    TypedRemoved = "typed-removed",
    LockedName = "locked-name",
    LockedTitle = "locked-title",
    LockedHint = "locked-hint",
    LockedButton = "locked-button",
    LockedForgottenText = "locked-forgotten-text",
    LockedIdle = "locked-idle",
    LockedHidden = "locked-hidden",
    OpenElsewhereName = "open-elsewhere-name",
    OpenElsewhereTitle = "open-elsewhere-title",
    OpenElsewhereText = "open-elsewhere-text",
    OpenElsewhereButton = "open-elsewhere-button",
    ProgressWaiting = "progress-waiting",
    ProgressLeaving = "progress-leaving",
    StepSealing = "step-sealing",
    StepConfirming = "step-confirming",
    StepPublishing = "step-publishing",
    StepVerifying = "step-verifying",
    StepOpeningMailbox = "step-opening-mailbox",
    StepUnlocking = "step-unlocking",
    StepLoading = "step-loading",
    StepRestoring = "step-restoring",
    VaultFailedName = "vault-failed-name",
    VaultFailedTitle = "vault-failed-title",
    VaultFailedText = "vault-failed-text",
    StoppedName = "stopped-name",
    StoppedTitle = "stopped-title",
    StoppedText = "stopped-text",
    ProblemPassphraseTooShort = "problem-passphrase-too-short",
    ProblemWrongPassphrase = "problem-wrong-passphrase",
    ProblemNoMemory = "problem-no-memory",
    ProblemNoStorage = "problem-no-storage",
    ProblemStorageDamaged = "problem-storage-damaged",
    ProblemUnknownSignIn = "problem-unknown-sign-in",
    ProblemSignInExpired = "problem-sign-in-expired",
    ProblemSignInCancelled = "problem-sign-in-cancelled",
    ProblemNotConfirmed = "problem-not-confirmed",
    ProblemDirectoryUnreachable = "problem-directory-unreachable",
    ProblemDirectoryRefused = "problem-directory-refused",
    ProblemOutOfTime = "problem-out-of-time",
    ProblemDirectoryOtherSignIn = "problem-directory-other-sign-in",
    ProblemDirectoryOtherDetails = "problem-directory-other-details",
    ProblemDirectoryOtherKeys = "problem-directory-other-keys",
    ProblemDirectoryOtherHistory = "problem-directory-other-history",
    ProblemDirectoryLied = "problem-directory-lied",
    ProblemRelayUnreachable = "problem-relay-unreachable",
    ProblemRelayRefused = "problem-relay-refused",
    ProblemShutOut = "problem-shut-out",
    ProblemRelayLied = "problem-relay-lied",
    ProblemRelayOlder = "problem-relay-older",
    ProblemTrustFile = "problem-trust-file",
    ProblemOtherDeployment = "problem-other-deployment",
    ProblemTwoLettersOfOneNumber = "problem-two-letters-of-one-number",
    ProblemUnopenableLetter = "problem-unopenable-letter",
    ProblemKeysInUse = "problem-keys-in-use",
    ProblemTooManySessions = "problem-too-many-sessions",
    ProblemSessionOver = "problem-session-over",
    ProblemNoSuchLetter = "problem-no-such-letter",
    ProblemAttachmentLost = "problem-attachment-lost",
    ProblemAttachmentAltered = "problem-attachment-altered",
    ProblemOutOfTurn = "problem-out-of-turn",
    ProblemCodeMalformed = "problem-code-malformed",
    ProblemCodeUnknown = "problem-code-unknown",
    ProblemCodeReplaced = "problem-code-replaced",
    ProblemCodeMistyped = "problem-code-mistyped",
    ProblemOtherOwner = "problem-other-owner",
    DateLong = "date-long",
    DateAtTime = "date-at-time",
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Message id → names of the values it takes, read from the source text.
    fn messages_in(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in language.source().lines().filter(|line| !line.starts_with('#')) {
            if let Some((id, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                current = id.to_owned();
                assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{current} stands twice");
            }
            for piece in line.split('$').skip(1) {
                let name: String = piece.chars().take_while(char::is_ascii_alphanumeric).collect();
                found.get_mut(&current).unwrap().insert(name);
            }
        }
        found
    }

    #[test]
    fn every_message_stands_in_both_languages_and_no_other_does() {
        let named: BTreeSet<String> = Message::ALL.iter().map(|message| message.id().to_owned()).collect();
        assert_eq!(named.len(), Message::ALL.len());
        for language in Language::ALL {
            let written: BTreeSet<String> = messages_in(language).into_keys().collect();
            assert_eq!(written, named, "{language:?}");
        }
    }

    #[test]
    fn the_languages_take_the_same_values() {
        assert_eq!(messages_in(Language::English), messages_in(Language::Gaelic));
    }

    #[test]
    fn every_text_can_be_formatted_without_an_error() {
        for language in Language::ALL {
            let catalogue = Catalogue::load(language);
            for message in Message::ALL {
                let mut errors = Vec::new();
                let mut arguments = FluentArgs::new();
                for name in &messages_in(language)[message.id()] {
                    arguments.set(name.clone(), FluentValue::from(2));
                }
                let pattern = catalogue.bundle.get_message(message.id()).unwrap().value().unwrap();
                catalogue.bundle.format_pattern(pattern, Some(&arguments), &mut errors);
                assert!(errors.is_empty(), "{language:?} {}: {errors:?}", message.id());
                let empty = catalogue.text(*message).is_empty();
                assert_eq!(empty, language == Language::English && *message == Message::LanguageReview);
            }
        }
    }

    #[test]
    fn gaelic_counts_use_their_four_plural_forms() {
        let catalogue = Catalogue::load(Language::Gaelic);
        let forms: BTreeSet<String> = [1, 2, 3, 20]
            .map(|left: u32| {
                let text = catalogue.text_with(Message::LeaveNowCount, &[("left", left.into())]);
                text.replace(&left.to_string(), "N")
            })
            .into();
        // "turas" serves both one and twenty.
        assert_eq!(forms.len(), 3, "{forms:?}");
    }

    #[test]
    fn every_month_of_a_date_has_its_own_name() {
        for language in Language::ALL {
            let catalogue = Catalogue::load(language);
            let dates: BTreeSet<String> = (1..=12_u32)
                .map(|month| {
                    catalogue.text_with(
                        Message::DateLong,
                        &[("day", "14".into()), ("month", month.into()), ("year", "2026".into())],
                    )
                })
                .collect();
            assert_eq!(dates.len(), 12, "{dates:?}");
            assert!(dates.iter().all(|date| date.starts_with("14 ") && date.ends_with(" 2026")), "{dates:?}");
        }
    }

    #[test]
    fn a_browser_that_prefers_gaelic_gets_gaelic() {
        assert_eq!(Language::from_preference("gd-GB"), Language::Gaelic);
        assert_eq!(Language::from_preference("GD"), Language::Gaelic);
        assert_eq!(Language::from_preference("en-GB"), Language::English);
        assert_eq!(Language::from_preference("gda"), Language::English);
        assert_eq!(Language::from_preference(""), Language::English);
    }
}
