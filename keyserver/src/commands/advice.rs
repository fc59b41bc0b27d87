//! What an operator has to know, in the words that are printed.

pub(super) const DAMAGED: &str = "\
The store is DAMAGED. Do not start the directory on it: what it would sign may contradict what it has
signed. Keep the folder as it is, and put the newest whole backup back into another one
(`letterbox-keyserver restore`).";

pub(super) const KEYS: &str = "\
Keys and settings are not in it. Keep them apart from it, and safe: without the log key and the VRF key
this log cannot go on, and without the index key and the sealing key nobody's records can be read. They are:";

pub(super) const RESTORED: &str = "\
The directory is now what it was when the backup was made. Before it is started:
- Heads that it signed since then are not here. Whoever saw one of them (a public body, a device, a witness)
  refuses this directory from now on, and rightly: as soon as it publishes again, its log tells another
  history than the one that it signed. If anything was published since the backup, do not start it: look
  for a newer copy first. Without one, what is left is a new log, with new keys and a new trust file.
- Entries that were published since then are gone. Who set up a mailbox since then is not found by any
  public body.
- Recoveries since then are undone: letters would be sealed to keys that their owners have lost, or that
  somebody else has. So are public bodies' new keys, and suspensions.
- Sign-ins that were under way are over: those people sign in again. Signed requests of public bodies since
  then can be repeated by whoever recorded them, for ten minutes, and their daily allowance begins anew.
The directory itself does not notice that it was put back. Then look at it: `letterbox-keyserver fsck`.";
