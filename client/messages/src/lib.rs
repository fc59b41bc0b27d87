//! What the page and the vault say to each other.
//!
//! The page (`client/app`) shows and asks; the vault (`client/vault`, a worker with its own wasm
//! program) holds every key and all plaintext that is not on the screen. They share this crate
//! and nothing else. Every message is one JavaScript value sent by `postMessage`: the page sends a
//! [`Request`], the vault sends a [`FromVault`]. Each request gets exactly one answer, which carries
//! its number, unless the vault was locked before; what happens by itself comes as a [`Event`].
//!
//! No message carries a key. A passphrase goes one way, from the page to the vault. A recovery code
//! goes from the vault to the page once, to be written down, and from the page to the vault when it
//! is needed. A file that is saved goes as a `Blob`, which the browser keeps: its bytes are never in the
//! page's memory.

#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};
use web_sys::Blob;

/// The version of this interface. Page and vault are built and served together; a mismatch means
/// that an old copy of one of them came out of a cache, and the page then asks to be loaded again.
pub const INTERFACE_VERSION: u32 = 8;

/// After how many minutes letters can be chosen to lock.
pub const IDLE_MINUTES: [u8; 6] = [2, 5, 10, 15, 30, 60];

/// A command with the number under which its answer will come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the page, unique while it lives.
    pub number: u32,
    /// What the page asks for.
    pub command: Command,
}

/// What the page may ask of the vault.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// In what state is the mailbox on this device? Answer: [`Answer::Status`].
    Status,
    /// Begin: make keys, seal them under the passphrase. Answer: [`Answer::GoTo`] ScotAccount.
    Begin {
        /// At least 8 characters; the vault refuses less.
        passphrase: String,
    },
    /// Go on with a sign-in that was begun on this device. Answer: [`Answer::GoTo`], or a status; for a
    /// session [`Answer::Visit`] with a new address, of which the one before is void.
    Resume,
    /// ScotAccount sent the browser back. Answer: [`Answer::GoTo`] the next step, [`Answer::Status`].
    Returned {
        /// The part after the question mark, as it came.
        query: String,
    },
    /// Throw away a sign-in that was begun and not finished. Never deletes a mailbox: what was set
    /// aside for [`Command::Recover`] is put back.
    StartAgain,
    /// Is this the recovery code of a mailbox? Changes nothing. Answer: [`Answer::CodeFits`].
    CheckCode {
        /// As it was typed.
        code: String,
    },
    /// Begin the way back to a mailbox with its recovery code: make new keys, seal them under the
    /// passphrase. What is stored on this device is set aside, never deleted. Answer:
    /// [`Answer::GoTo`] ScotAccount.
    Recover {
        /// As it was typed.
        code: String,
        /// At least 8 characters; the vault refuses less.
        passphrase: String,
    },
    /// Open what is sealed under the passphrase. Answer: [`Answer::Sheet`] where the new recovery code
    /// was not written down yet; otherwise the sign-in is finished, or the mailbox opened.
    Unlock {
        /// The passphrase.
        passphrase: String,
    },
    /// The recovery code once more, while it is being written down. Answer: [`Answer::Sheet`].
    Sheet,
    /// The recovery code was written down: finishes the sign-in. Answer: [`Answer::Status`].
    ConfirmSheet {
        /// The groups at the places of [`RecoverySheet::asked`], in that order, as they were typed.
        groups: Vec<String>,
    },
    /// Forget every key and all plaintext, and end a session at the relay. The answer is the last thing that
    /// this vault says.
    Lock,
    /// The reader does something: what is open stays open for a while. Heard at once, whatever the vault
    /// is doing. Answer: [`Answer::Heard`], or [`Event::Locked`] if it comes too late.
    Active,
    /// The page is out of sight: locks, if the reader chose that. Heard at once, whatever the vault is
    /// doing. Answer: [`Answer::Heard`], and then [`Event::Locked`] if it locks.
    Hidden,
    /// The page is in sight again. Heard at once, whatever the vault is doing; it does not count as
    /// something that the reader does. Answer: [`Answer::Heard`], or [`Event::Locked`].
    Shown,
    /// When the letters on this device are to lock by themselves. Answer: [`Answer::Settings`].
    Choose {
        /// The whole of what was chosen.
        settings: Settings,
    },
    /// One letter, to be shown. Answer: [`Answer::Letter`].
    Read {
        /// [`LetterSummary::id`].
        id: String,
    },
    /// One file of a letter, to be saved. It is fetched while other commands go on, and answered when
    /// it is whole and is the file that the letter names. Answer: [`Answer::File`].
    Save {
        /// [`LetterSummary::id`].
        id: String,
        /// Its place among [`LetterView::attachments`], counted from 0.
        attachment: u32,
    },
    /// Begin a session, which reads on a device that keeps nothing: find the mailbox of a recovery code.
    /// Stores nothing. Answer: [`Answer::Visit`].
    Visit {
        /// As it was typed.
        code: String,
    },
    /// ScotAccount sent another tab back, for the session that was begun here. Answer: [`Answer::Status`].
    /// After a problem the code is still there: [`Command::Resume`] gives a new address.
    Visited {
        /// The part after the question mark, as it came.
        query: String,
    },
    /// The reader was shown these sessions of [`Event::Sessions`]. To be said once they are on the screen.
    /// Answer: [`Answer::Done`].
    ToldOf {
        /// As they were shown.
        sessions: Vec<Session>,
    },
    /// End a session of this mailbox. Answer: [`Answer::Done`], after an [`Event::Sessions`].
    EndSession {
        /// [`Session::id`].
        id: String,
    },
}

/// What the vault sends to the page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromVault {
    /// The worker runs and listens. Sent once, before anything else.
    Started {
        /// [`INTERFACE_VERSION`] as the vault was built with it.
        interface: u32,
    },
    /// The answer to one request.
    Answer {
        /// The number of the request.
        number: u32,
        /// What it came to.
        answer: Answer,
    },
    /// Something happened by itself.
    Event(Event),
    /// A message from the page that the vault could not read. It names no content.
    Unreadable,
}

/// What a command came to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The state now.
    Status(Status),
    /// The page is to go to this address of ScotAccount, replacing the present history entry.
    GoTo(String),
    /// The recovery code, to be written down.
    Sheet(RecoverySheet),
    /// To [`Command::CheckCode`]: there is a mailbox with this code.
    CodeFits,
    /// To [`Command::Read`].
    Letter(Box<LetterView>),
    /// To [`Command::Save`].
    File(SavedFile),
    /// To [`Command::Active`], [`Command::Hidden`] and [`Command::Shown`].
    Heard,
    /// To [`Command::Choose`]: what holds from now on.
    Settings(Settings),
    /// To [`Command::Visit`]: the person is to go to ScotAccount in another tab, while this page stays.
    Visit {
        /// The address at ScotAccount, for a link.
        link: String,
    },
    /// To [`Command::ToldOf`] and [`Command::EndSession`]: it is done.
    Done,
    /// It did not work. Nothing was deleted.
    Problem(Problem),
}

/// A recovery code, as it is written down.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverySheet {
    /// Ten groups of four characters.
    pub groups: Vec<String>,
    /// The places of the two groups that are asked for, counted from 1, ascending.
    pub asked: Vec<u8>,
}

/// What happens by itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The state changed.
    Status(Status),
    /// The letters, newest first, whole each time.
    Inbox(Vec<LetterSummary>),
    /// Whether the relay can be reached; while it cannot, the vault tries again by itself.
    Connection(Connection),
    /// A lie was found out, or something that must not be: shown until the page is left.
    Alarm(Problem),
    /// What the vault is doing, for progress. `None` when it is done.
    Progress(Option<Step>),
    /// What the reader has chosen on this device. Comes when the mailbox is opened.
    Settings(Settings),
    /// The sessions that read this mailbox in the last 90 days, the latest first, whole each time. Comes when
    /// the mailbox was opened, and when something changed.
    Sessions(Vec<Session>),
    /// Whether the vault locks within a minute, unless the reader does something.
    LocksSoon(bool),
    /// The vault has locked itself, in the middle of whatever it was doing. The last thing that it says:
    /// what is not answered yet is never answered.
    Locked(LockedBecause),
    /// How much has come of a file.
    Download {
        /// The number of the request, a [`Command::Save`].
        number: u32,
        /// Bytes as they lie at the relay, where a file is a little longer.
        received: u64,
        /// How many there are.
        total: u64,
    },
}

/// Why the vault has locked itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockedBecause {
    /// Nobody did anything for as long as was chosen.
    Idle,
    /// The page was out of sight, and the reader chose that.
    Hidden,
    /// The session had its time: four hours, or 15 minutes in which nothing was asked of the relay.
    SessionTime,
    /// The relay takes nothing more of the session: a device of the mailbox has ended it, or somebody came
    /// back with the recovery code.
    SessionEnded,
}

/// A session that read this mailbox, or reads it now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Names it to the vault; means nothing outside.
    pub id: String,
    /// When it was opened, Unix seconds.
    pub opened: u64,
    /// When it last asked for something, Unix seconds.
    pub asked: u64,
    /// When it ended; while it is open, when it ends if nothing more is asked. Unix seconds.
    pub ends: u64,
    /// What ended it; none while it is open.
    pub end: Option<SessionEnd>,
    /// Whether the reader was not told yet that it was opened, or that it is over.
    pub is_news: bool,
}

/// What ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionEnd {
    /// Whoever read closed it.
    Itself,
    /// A device of the mailbox ended it.
    Device,
    /// Somebody came back with the recovery code.
    Restart,
    /// Its time was over.
    Time,
}

/// When letters lock by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// After so many minutes in which nobody did anything; one of [`IDLE_MINUTES`].
    pub idle_minutes: u8,
    /// As soon as the page is out of sight.
    pub locks_when_hidden: bool,
}

/// The state of the mailbox on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// No mailbox was set up on this device.
    NoMailbox,
    /// A sign-in was begun and goes on at ScotAccount.
    SigningIn {
        /// Whether it is the way back to a mailbox that there is already.
        is_recovery: bool,
    },
    /// ScotAccount has confirmed the person: the passphrase comes next.
    Confirmed {
        /// Whether the address was confirmed as well.
        with_address: bool,
        /// Whether it is the way back to a mailbox that there is already.
        is_recovery: bool,
    },
    /// The passphrase was right: the recovery code is to be written down.
    WritingDown,
    /// ScotAccount says that this person has a mailbox already, made on another device.
    EnrolledElsewhere,
    /// There is a mailbox; the passphrase opens it.
    Locked,
    /// The mailbox was set up just now, and everything about it was verified.
    Ready,
    /// The mailbox is open.
    Open,
    /// Another tab or window of this browser has the mailbox open.
    OpenElsewhere,
    /// A session was begun: its recovery code fits, and ScotAccount comes next, in another tab. Nothing of it
    /// is stored.
    VisitBegun,
    /// A session reads. Nothing of it is stored.
    Visiting,
    /// To [`Command::Lock`]: a session was begun or open, and nothing of it is left.
    VisitOver,
}

/// What the vault is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Making keys and sealing them under the passphrase.
    Sealing,
    /// Talking to the directory about a sign-in.
    Confirming,
    /// Publishing the entry.
    Publishing,
    /// Verifying what the directory shows.
    Verifying,
    /// Opening the mailbox at the relay.
    OpeningMailbox,
    /// Opening the sealed keys.
    Unlocking,
    /// Loading letters.
    Loading,
    /// Bringing letters back from the archive.
    Restoring,
}

/// Whether the relay can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// It is told at once of every letter.
    Live,
    /// Not at the moment.
    Lost,
}

/// Why something did not work. The page has a text for each; none carries personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Problem {
    /// The passphrase is too short.
    PassphraseTooShort,
    /// The passphrase is wrong, or what is stored was altered.
    WrongPassphrase,
    /// Not enough memory to check the passphrase, or for a file.
    NoMemory,
    /// The browser does not let this page store anything, or has no room.
    NoStorage,
    /// What is stored on this device cannot be read.
    StorageDamaged,
    /// What was typed is not a recovery code: characters are missing, too many or wrong.
    CodeMalformed,
    /// The relay knows no mailbox with this recovery code.
    CodeUnknown,
    /// The recovery code was replaced by a newer one.
    CodeReplaced,
    /// The groups that were typed back are not those of the sheet.
    CodeMistyped,
    /// The person who signed in is not the one whose recovery code it is.
    OtherOwner,
    /// The answer that came back does not belong to a sign-in of this device.
    UnknownSignIn,
    /// The sign-in took longer than an hour.
    SignInExpired,
    /// The person cancelled at ScotAccount.
    SignInCancelled,
    /// ScotAccount could not confirm who this is.
    NotConfirmed,
    /// The directory cannot be reached.
    DirectoryUnreachable,
    /// The directory does not take the request.
    DirectoryRefused,
    /// The directory's head is too old or from the future, or a token is: or the device's clock is wrong.
    OutOfTime,
    /// The directory went on with another sign-in than the one of this device.
    DirectoryOtherSignIn,
    /// The directory cannot show that name or address are confirmed.
    DirectoryOtherDetails,
    /// The directory shows other keys under this person's name than those of this device.
    DirectoryOtherKeys,
    /// The directory tells another history than before.
    DirectoryOtherHistory,
    /// The directory cannot prove what it says.
    DirectoryLied,
    /// The relay cannot be reached.
    RelayUnreachable,
    /// The relay does not take the request.
    RelayRefused,
    /// The relay does not take this device's requests any more, or the directory shows a newer entry:
    /// somebody came back with the recovery code on another device.
    ShutOut,
    /// What the relay lists is not what it signed: a letter is missing or altered.
    RelayLied,
    /// The relay gives an older state than before.
    RelayOlder,
    /// The trust file is missing or does not hold.
    TrustFile,
    /// The trust file is of another deployment than before.
    OtherDeployment,
    /// A letter came twice in different forms.
    TwoLettersOfOneNumber,
    /// A letter could not be opened with any key of this device, or its sender could not be verified.
    UnopenableLetter,
    /// The keys of this enrolment may be published already, so they are not thrown away.
    KeysInUse,
    /// As many sessions read this mailbox as may, or did so in the last 90 days.
    TooManySessions,
    /// The session was over before it was used.
    SessionOver,
    /// There is no such letter.
    NoSuchLetter,
    /// The relay does not have the file.
    AttachmentLost,
    /// What the relay has is not the file that the letter names.
    AttachmentAltered,
    /// The command does not fit the state: the page and the vault disagree.
    OutOfTurn,
}

/// A letter in the list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterSummary {
    /// Names the letter to the vault; means nothing outside.
    pub id: String,
    /// What it is about.
    pub label: String,
    /// The language of the letter, BCP 47.
    pub language: String,
    /// The verified sender.
    pub sender: Sender,
    /// When the relay stored it, Unix seconds.
    pub arrived: u64,
    /// By when an answer is needed.
    pub reply_by: Option<u64>,
}

/// Who wrote a letter, as two operators approved it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The name.
    pub name: String,
    /// The name in Gaelic.
    pub name_in_gaelic: Option<String>,
    /// The domain.
    pub domain: String,
    /// The unit that wrote it, as the body says.
    pub unit: Option<String>,
    /// Whether the body was suspended since.
    pub is_suspended: bool,
}

/// A letter to be shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterView {
    /// As in the list.
    pub summary: LetterSummary,
    /// What it says in plain words.
    pub in_plain_words: Option<String>,
    /// The letter itself, in Markdown as it was signed.
    pub text: String,
    /// The hosts that the verified sender has registered: where links in its texts may lead.
    pub hosts: Vec<String>,
    /// How else to reach the body.
    pub contact: Option<String>,
    /// The body's number of the case.
    pub case_id: Option<String>,
    /// What there is to do.
    pub actions: Vec<Action>,
    /// The files that belong to it.
    pub attachments: Vec<Attachment>,
    /// The same letter in other forms.
    pub alternatives: Vec<Alternative>,
}

/// A file of a letter, before it is fetched.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name, without a path.
    pub file_name: String,
    /// Its media type, as the sender says.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// What it is, in the language of the letter.
    pub label: Option<String>,
    /// Its language, BCP 47.
    pub language: Option<String>,
}

/// A file, whole and verified.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedFile {
    /// Its name, without a path.
    pub file_name: String,
    /// Its media type, as the sender says. Never to be believed: the file is saved, not shown.
    pub media_type: String,
    /// What it holds, by reference, as `application/octet-stream`.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub content: Blob,
}

/// Something to do.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// The words of its button.
    pub label: String,
    /// By when, Unix seconds.
    pub by: Option<u64>,
    /// Where it is done, if the body registered the host.
    pub link: Option<Link>,
    /// A reference to give.
    pub reference: Option<String>,
    /// How much to pay: minor units and currency.
    pub amount: Option<(u64, String)>,
    /// Where it is done, if that may not be opened: it is shown as text.
    pub address: Option<String>,
    /// When it begins, Unix seconds.
    pub start: Option<u64>,
    /// When it ends, Unix seconds.
    pub end: Option<u64>,
    /// Where it is, in several lines.
    pub place: Option<String>,
    /// What exactly it is about, in several lines.
    pub details: Option<String>,
    /// Until when what is allowed holds, Unix seconds.
    pub until: Option<u64>,
    /// The name of the file that it is about.
    pub file: Option<String>,
}

/// A form of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// In another language.
    Translation,
    /// In large print.
    LargePrint,
    /// In Easy Read.
    EasyRead,
    /// As a video in sign language.
    SignLanguage,
    /// As sound.
    Audio,
    /// In Braille.
    Braille,
    /// Laid out as on paper.
    Print,
}

/// The letter in another form: in a file, somewhere else, or here.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// Which form.
    pub form: Form,
    /// Its language, BCP 47.
    pub language: String,
    /// The name of the file that it is in.
    pub file: Option<String>,
    /// Where it is, if the body registered the host.
    pub link: Option<Link>,
    /// Where it is, if that may not be opened: it is shown as text.
    pub address: Option<String>,
    /// What it is about.
    pub label: Option<String>,
    /// What it says in plain words.
    pub in_plain_words: Option<String>,
    /// The letter itself in this form, in Markdown as it was signed, where it is here.
    pub text: Option<String>,
}

/// An address that may be opened: `https`, and its host registered for the body.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The whole address.
    pub url: String,
    /// Its host, to be shown.
    pub host: String,
}

macro_rules! redacted {
    ($($name:ident),+) => {
        $(impl core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        })+
    };
}

redacted!(
    Command,
    FromVault,
    Answer,
    RecoverySheet,
    Event,
    Session,
    LetterSummary,
    Sender,
    LetterView,
    Attachment,
    SavedFile,
    Action,
    Link
);
