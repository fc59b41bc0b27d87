//! What an operator has to know, in the words that are printed.

pub(super) const DAMAGED: &str = "\
The store is DAMAGED. Do not start the relay on it: it would go on with less than it has signed for. Keep
the folder as it is, and put the newest whole backup back into another one (`letterbox-server restore`).";

pub(super) const UNNAMED: &str = "\
WARNING: nothing is lost, but there are files that no record names. Nobody gets them. The relay may be
started, and a backup has them as well. `letterbox-server fsck` goes on ending with 1 until somebody has moved
each of them out of the store, with the relay stopped. Keep them: an older backup may have their records.";

pub(super) const KEYS: &str = "\
Keys and settings are not in it. Keep them apart from it, and safe: without the receipt key nobody believes
this relay's receipts any more, without the ticket key it takes no letter. They are:";

pub(super) const RESTORED: &str = "\
The relay is now what it was when the backup was made. Before it is started:
- Letters that it took since then are gone from here, although their senders have receipts. Ask the public
  bodies to send again what they sent since then. Devices that had such a letter keep it.
- A device that has seen a letter that is gone refuses this relay's list from now on, and rightly: the list
  is shorter than what the relay signed for. Its owner comes back with the recovery code.
- Mailboxes that were opened since then are not here, nor is what their recovery codes open. No device
  opens them again by itself.
- Devices that were removed since then are let in again, and a recovery code that was replaced since then
  works again, while the new one does not. Tell their owners.
- A permit that was spent since then can be spent once more, within its 24 hours: leave the relay stopped
  until the last of them has ended, if one more letter on each of them matters.
- What devices asked for since then can be repeated by whoever recorded it. Leave the relay stopped until
  ten minutes after the former one last answered.
- Files that devices deleted since then are here again. What was filed since then is filed again by the
  devices that have it.
Then look at it: `letterbox-server fsck`.";
