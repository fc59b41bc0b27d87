//! What can be said on the command line.
//!
//! Details of people are read as they are and checked by the SDK: an error of the command line would
//! repeat them. Other users of a computer can see a command's arguments, so these can come from the
//! environment instead.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "Exit codes:
   0  sent: the relay stored the letter and signed for it
   2  the command cannot be understood
  10  proven: nobody with these details has a mailbox
  11  the person has not opened their mailbox yet
  12  the person started again with new keys, which count after 72 hours
  13  several people have these details
  14  all keys of the person have expired
  20  the directory refused, or its answer does not hold
  21  the relay refused, or its receipt does not hold
  22  a service cannot be reached
  23  the trust file
  24  the letter, or a file that goes with it
  25  the keys file, the key in it, or the state folder
Print a letter for 10, 11, 13 or 14, after a while for 12, never for the others.";

/// Send letters to citizens, sealed so that only they can read them.
#[derive(Parser)]
#[command(name = "letterbox", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make and show the key of a public body.
    #[command(subcommand)]
    Keys(Keys),
    /// Send a letter to a person.
    #[command(after_help = EXIT_CODES)]
    Send(Box<SendArguments>),
}

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a key and write a keys file for its owner alone; print the public half, for the operators
    /// who register it. A file that exists is left as it is.
    New {
        /// The file to write.
        file: PathBuf,
        /// The public body, as the registry names it.
        #[arg(long, value_name = "ID")]
        body: String,
        /// The trust file: a path, or an https address.
        #[arg(long, value_name = "PATH or URL")]
        trust: String,
        /// The key of the deployment, as it is published: 43 characters.
        #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
        deployment_key: String,
    },
    /// Print the public half of the key in a keys file.
    Public {
        /// The keys file.
        file: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct SendArguments {
    /// The person's given name.
    #[arg(long, value_name = "NAME", env = "LETTERBOX_TO_GIVEN_NAME", hide_env_values = true)]
    pub(crate) to_given_name: String,
    /// The person's family name.
    #[arg(long, value_name = "NAME", env = "LETTERBOX_TO_FAMILY_NAME", hide_env_values = true)]
    pub(crate) to_family_name: String,
    /// The person's birth date.
    #[arg(long, value_name = "YYYY-MM-DD", env = "LETTERBOX_BORN", hide_env_values = true)]
    pub(crate) born: String,
    /// The person's postcode: tells people of one name and birth date apart.
    #[arg(long, value_name = "POSTCODE", env = "LETTERBOX_POSTCODE", hide_env_values = true)]
    pub(crate) postcode: Option<String>,
    /// What the letter is about.
    #[arg(long, value_name = "TEXT", env = "LETTERBOX_SUBJECT", hide_env_values = true)]
    pub(crate) subject: String,
    /// The file with the letter: Markdown in UTF-8, up to 60,000 bytes.
    #[arg(long, value_name = "FILE")]
    pub(crate) body: PathBuf,
    /// A file that goes with the letter, up to 25 MiB. Can be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) attach: Vec<PathBuf>,
    /// The keys file, as `letterbox keys new` makes it.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// The folder of what is remembered [default: the keys file's name and `.state`].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state: Option<PathBuf>,
    /// The language of the letter.
    #[arg(long, value_name = "TAG", default_value = "en")]
    pub(crate) language: String,
    /// What it says in plain words.
    #[arg(long, value_name = "TEXT", env = "LETTERBOX_SUMMARY", hide_env_values = true)]
    pub(crate) summary: Option<String>,
    /// Who in the public body wrote it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) unit: Option<String>,
    /// The id of the letter, 32 hexadecimal digits. Choose one beforehand for a job that may be interrupted,
    /// or give that of a letter that may have arrived: the reader sees the two as one, and is warned of them
    /// if anything in the letter or its files has changed.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// How often a service is asked that cannot be reached.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub(crate) tries: u32,
    /// Print the outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
