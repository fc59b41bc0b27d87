# English. One message a line; the tests fail when a message is missing here or in gd.ftl.

language-name = English
language-switch = Gàidhlig
language-review = { "" }
language-review-in-english = (This Gaelic is awaiting review by a fluent speaker.)

app-title = Letterbox
page-title = { $screen } – Letterbox
page-title-error = Error: { $screen } – Letterbox
skip-to-content = Skip to main content
header-landmark = Letterbox
language-landmark = Language
lock = Lock
lock-hint = Closes your letters on this device until you type your passphrase.
leave-now = Leave this page now
leave-now-hint = You can also press the Escape key three times.
leave-now-count =
    { $left ->
        [one] Press Escape once more to leave this page.
       *[other] Press Escape { $left } more times to leave this page.
    }
back = Back
start-again = Start again
load-again = Load the page again
warning = Warning
error-title = There is a problem
error-prefix = Error:

## Before there is a mailbox

starting-name = One moment
starting-title = One moment
starting-text = This page is getting ready.

start-name = Start
start-title = Your official letters, in one place
start-lead = Public bodies in Scotland can send letters to you here. You read them on your own phone, tablet or computer.
start-private-title = Only your devices can read your letters
start-private-text = We store your letters locked. We do not have the key, so we cannot read them. Nobody else can either.
start-leave = “Leave this page now” takes you to a weather page at once. Pressing the Escape key three times does the same. The history of your browser can still show that you were here.
start-need-title = What you need
start-need-account = a ScotAccount – if you have none, you can make one on the way
start-need-passphrase = a passphrase that only you know
start-need-paper = pen and paper or a printer, for your recovery code
start-need-time = about ten minutes
start-early-title = This is an early version
start-early-text = It has not yet been checked by people outside the project. Go on reading the letters that come on paper.
start-begin = Set up my mailbox
start-recover = I have a mailbox already

visit-start = Read my letters on a device that is not mine
visit-name = Read on this device
visit-title = Read on a device that is not yours
visit-lead = Type the recovery code that you wrote down or printed. If you have more than one, take the newest.
visit-trust = Only do this on a device that you have reason to trust. Whoever controls it can see what you see, and the code.
visit-kept = Nothing is kept here after you close it. Files that you save stay.
visit-next-sign-in = You sign in with ScotAccount in another tab.
visit-next-read = You come back to this tab and read your letters. You cannot change or delete anything.
visit-next-told = Your own devices say when your letters were opened here and when they were closed.
visit-next-end = When you close them, nothing of them is left here. They also close when nothing was done for five minutes, and after four hours at the latest.
visit-sign-in-text = We found your mailbox. Now sign in with ScotAccount, to show that it is yours.
visit-sign-in-tab = ScotAccount opens in another tab. Come back to this one afterwards.
visit-sign-in-stay = Leave this tab open. If it is closed or loaded again, you begin anew with your recovery code.
handed-over-name = Other tab
handed-over-title = Go on in the other tab
handed-over-text = What ScotAccount sent is in the tab where you typed your recovery code. You can close this tab.
visit-bar = You are reading on a device that is not yours.
visit-sign-out = Sign out of ScotAccount
visit-close = Close and leave nothing
visit-ends-soon = Your letters are closed in a minute, because nothing was done here for a while.
visit-over-name = Closed
visit-over-title = Your letters are closed
visit-over-text = Nothing was kept here.
visit-over-idle = They were closed because nothing was done here for a while.
visit-over-time = They were closed because their time was over. You can open them again with your recovery code.
visit-over-ended = They were closed from another device: somebody ended the reading there, or came back with the recovery code.
visit-over-files = Files that you saved stay on this device. Delete them if others use it.
visit-over-scotaccount = You may still be signed in to ScotAccount in this browser. If you are, sign out there before you go.
visit-over-code-title = If you do not trust this device
visit-over-code-text = Whoever controls it may have your recovery code now. Get a new one on a device of your own: go to { $host } there, choose “I have a mailbox already” and type the code. After that the old code does not work any more, and devices that you used before get no new letters.
visit-over-start = Go to the first page

recover-name = Recovery code
recover-title = Get your letters back
recover-lead = Type the recovery code that you wrote down or printed when you set up your mailbox. If you have more than one, take the newest. When everything is done, devices that you used before get no new letters.
recover-label = Recovery code
recover-hint = Ten groups of four letters and numbers. Capitals and spaces do not matter. You can also paste it.
recover-button = Continue
recover-start = Use my recovery code
recover-new-code = Somebody else may have your recovery code. Type it here once more: you get a new one, and the old one does not work any more.
recover-next-title = What happens next
recover-next-passphrase = You choose a new passphrase.
recover-next-sign-in = You sign in with ScotAccount, as you did when you set up your mailbox.
recover-next-sheet = You write down a new recovery code. Keep the old one until everything is done. After that it does not work any more.
recover-next-letters = Your letters come back to this device. Devices that you used before get no new letters.
recover-without-title = I do not have the code
recover-without-text = Without the code nobody can bring your letters back: we do not have it either. Ask the people who run Letterbox for help with your mailbox.
recover-without-start-again = A way to start again with an empty mailbox is still being built. It does not exist yet. Until then, tell the public bodies that write to you that you need letters on paper.

choose-passphrase-name = Passphrase
choose-passphrase-title = Choose a passphrase
choose-passphrase-text = You will type it whenever you open your letters on this device.
choose-passphrase-new-title = Choose a new passphrase
choose-passphrase-new-text = It takes the place of the old one. You will type it whenever you open your letters on this device.
choose-passphrase-hint = At least 8 characters. Spaces count.
choose-passphrase-button = Continue
passphrase-advice-words = Four words that have nothing to do with each other are easy to remember and hard to guess.
passphrase-advice-new = Do not use one that you use somewhere else.
passphrase-advice-keep = Keep it somewhere safe. If you forget it, only your recovery code brings your letters back.
passphrase-label = Passphrase
passphrase-show = Show passphrase
passphrase-hide = Hide passphrase
passphrase-is-shown = Your passphrase is shown.
passphrase-is-hidden = Your passphrase is hidden.

sign-in-name = Sign in
sign-in-title = Show who you are
sign-in-begun-earlier = You began to sign in and did not finish. You can go on, or start again with a new passphrase.
sign-in-recovery-begun-earlier = You began to get your letters back and did not finish. You can go on, or start again with your recovery code.
sign-in-text = ScotAccount is how you sign in to Scottish public services. It takes you through three short steps. After each step you come back here for a moment.
sign-in-recovery-text = We found your mailbox. Now sign in with ScotAccount, to show that it is yours. ScotAccount takes you through three short steps. After each step you come back here for a moment.
sign-in-step-account = Sign in to ScotAccount, or make an account.
sign-in-recovery-step-account = Sign in to the ScotAccount that you used when you set up your mailbox. Do not make a new one.
sign-in-step-identity = Agree to share your name and date of birth. Public bodies find your mailbox by them.
sign-in-step-address = Agree to share your address, or say no. It tells you apart from somebody with the same name and date of birth.
sign-in-private = ScotAccount does not get to know your passphrase and cannot read your letters.
sign-in-go-on = Go on to ScotAccount

returning-name = One moment
returning-title = One moment
returning-text = We are checking what ScotAccount sent. Please leave this page open.

confirm-name = Passphrase
confirm-title = Type your passphrase again
confirm-text = ScotAccount has confirmed who you are.
confirm-with-address = It has confirmed your address too.
confirm-without-address = Your address was not confirmed. You can get letters all the same. Only if somebody has the same name and date of birth as you, a public body may be unable to tell you apart.
confirm-next = Next you write down a recovery code, if you have not done so yet. Have pen and paper or a printer ready.
confirm-recovery-next = Next you write down a new recovery code, if you have not done so yet. Have pen and paper or a printer ready, and keep the old code until everything is done.
confirm-hint = The one that you chose before you went to ScotAccount.
confirm-button = Continue
confirm-forgotten-text = Then start again with a new passphrase and sign in once more. You have no letters here yet, so nothing is lost. If you have already written down a recovery code, use that instead.
confirm-recovery-forgotten-text = Then use your recovery code again, choose another passphrase and sign in once more. Your letters are not lost.
forgotten-title = I do not remember my passphrase

enrolled-elsewhere-name = Another device
enrolled-elsewhere-title = You have a mailbox already
enrolled-elsewhere-text = It was set up on another device, or in another browser. If you still have that, open your letters there.
enrolled-elsewhere-more = If you do not, your recovery code brings your letters here. The other device then gets no new letters. Using one mailbox on two devices is still being built.
sheet-name = Recovery code
sheet-title = Your recovery code
sheet-purpose = This code brings your letters back if you lose your device or forget your passphrase. It has ten groups of four characters.
sheet-place = When you need it, go to { $host } and choose “I have a mailbox already”.
sheet-once = Write the code down or print it now. We do not have it, and once you have finished it cannot be shown again.
sheet-old-code = Keep the old code until everything is done. After that it does not work any more.
sheet-keep-title = Where to keep it
sheet-keep-text = Whoever has this code can open your letters. So keep it
sheet-keep-home = in a place where the others in your home do not look, or with somebody whom you trust
sheet-keep-photo = on paper, not as a photo or a file: those often go to a cloud that others can see too
sheet-keep-device = away from this device, so that you do not lose both at once
sheet-print = Print this sheet
sheet-written-down = I have the code on paper
sheet-show = Show the code again
sheet-check-name = Check the code
sheet-check-title = Type back two groups of the code
sheet-check-text = Take them from your sheet. This shows that the code on paper is right before you need it.
sheet-check-hint = Four letters and numbers each. Capitals do not matter.
sheet-check-group = Group { $number }
sheet-check-button = Finish

ready-name = Ready
ready-title = Your mailbox is ready
ready-lead = Public bodies that use Letterbox can send letters to you here.
ready-made-title = What was set up
ready-made-identity = Public bodies find your mailbox by the name and date of birth that ScotAccount confirmed.
ready-made-device = Only this device, or somebody who has your recovery code, can open your letters.
ready-made-checked = This device has checked that letters to you cannot be opened in any other way.
ready-back-title = Your letters are back
ready-back-lead = You can read them on this device again. Public bodies write to you as before.
ready-back-changed-title = What has changed
ready-back-code = Your old recovery code does not work any more. Tear up the old sheet and keep the new one.
ready-back-devices = Devices that you used before get no new letters. What was stored on them stays there.
ready-lost-title = If you lose this device or forget your passphrase
ready-lost-text = Then your recovery code brings your letters back. Go to { $host } on any device and choose “I have a mailbox already”.
ready-lost-advice = Keep the sheet with the code. Without it nobody can bring your letters back: not you, and not us.
ready-enter = Go to my letters

## The mailbox

inbox-name = Letters
inbox-title = Your letters
inbox-looking = Looking for your letters…
inbox-count =
    { $count ->
        [one] You have { $count } letter.
       *[other] You have { $count } letters.
    }
inbox-empty-title = You have no letters yet
inbox-empty-text = When a public body writes to you, the letter appears here by itself.
inbox-news =
    { $count ->
        [one] A new letter has come.
       *[other] { $count } new letters have come.
    }
inbox-came = Received on
from-sender = From { $sender }
from-sender-unit = From { $sender }, { $unit }
reply-by = Answer by
suspended-short = Be careful: this sender is no longer allowed to send letters here.
connection-lost = There is no connection at the moment. You can read the letters that are here. We keep trying.
session-is-open = Your letters were opened with your recovery code on another device on { $opened }. They are open there now.
session-was-open = Your letters were opened with your recovery code on another device on { $opened }. They were closed there on { $closed }.
session-was-me = That was me
session-end = End it now
session-not-me = It was not me: get a new code

letter-name = Letter
letter-back = Back to your letters
sender-verified = Verified sender
sender-how-title = How we know who sent this
sender-how-text = The letter carries the signature of { $sender } ({ $domain }). Before it could send letters here, two people checked that the signature is really its own. This device checked that the letter was not changed.
sender-suspended = { $sender } is no longer allowed to send letters here. Before you do what this letter says, ask { $sender } whether it is right. Do not use the telephone numbers, addresses or links in this letter for that.
letter-to-do-title = What you need to do
letter-nothing-to-do = { $sender } has not marked anything for you to do. Read the letter to be sure.
letter-plain-title = In plain words
letter-text-title = The letter
attachments-title = Attachments
attachments-hint = Once you save a file, everybody who uses this device can open it.
attachment-pdf = PDF document
attachment-picture = Picture
attachment-text = Text
attachment-other = Another kind of file
attachment-can-run = Some files of this kind can make your device do things. Open it only if you expected it from this sender.
attachment-no-kind = The name of this file does not say what kind it is. Open it only if you expected it from this sender.
attachment-save = Save
attachment-progress = Here so far: { $done } of { $size }
attachment-quarters =
    { $quarters ->
        [1] A quarter of the file is here.
        [2] Half of the file is here.
       *[other] Three quarters of the file are here.
    }
attachment-saved = The file was given to your browser, which keeps it with your downloads.
attachment-save-again = If nothing happened, save it again
size-bytes =
    { $count ->
        [one] { $count } byte
       *[other] { $count } bytes
    }
size-kilobytes = { $size } KB
size-megabytes = { $size } MB
letter-contact-title = Contact
letter-case = Your case number:
action-by = By
action-amount = Amount:
action-reference = Reference:
action-start = Begins:
action-end = Ends:
action-place = Place:
action-until = What you allow holds until
forms-title = The same letter in other forms
form-translation = In another language
form-large-print = In large print
form-easy-read = In Easy Read
form-sign-language = In sign language
form-audio = As sound
form-braille = In Braille
form-print = As it looks on paper
form-file = In this file of the letter:
link-host = ({ $host }, opens in a new tab)
dead-link = ({ $address })

settings-open = Settings
settings-name = Settings
settings-title = When your letters lock
settings-device = What you choose here applies to this device only.
settings-idle = Lock when nothing was done here for
settings-idle-hint = You are asked a minute before, and can keep your letters open as often as you like.
settings-minutes =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
settings-hidden = Lock as soon as this page is out of sight
settings-hidden-hint = For example when you go to another tab or app, or the screen turns off.
settings-save = Save
settings-saved = Your choice was saved.
sessions-title = Read with your recovery code
sessions-text = On these days of the last 90 your letters were opened with your recovery code on a device that keeps nothing.
sessions-none = In the last 90 days your letters were not opened in this way.
sessions-unknown = We do not know yet. There was no connection.
session-end-itself = Whoever read there closed them.
session-end-device = They were closed from one of your devices.
session-end-restart = They were closed because somebody came back with the recovery code.
session-end-time = They were closed because their time was over.
locks-soon = This page locks in a minute, because nothing was done here for a while.
locks-soon-stay = Keep it open
locks-later = This page stays open.
typed-ends-soon = What you typed is removed in a minute, because nothing was done here for a while.
typed-stay = Keep it
typed-stays = What you typed stays.
typed-removed = What was typed here was removed because nothing was done here for a while. Please type it again.

locked-name = Locked
locked-title = Your letters are locked
locked-hint = The passphrase that you chose on this device.
locked-button = Open
locked-forgotten-text = Nobody can reset it. With your recovery code you choose a new passphrase and get your letters back. What is stored here is not deleted.
locked-idle = This page was locked because nothing was done here for a while.
locked-hidden = This page was locked because it was out of sight. You chose that in the settings.

open-elsewhere-name = Another tab
open-elsewhere-title = Your letters are open in another tab
open-elsewhere-text = Go on in that tab or window. Or close it and try again here.
open-elsewhere-button = Try again here

## What is being done

progress-waiting = One moment…
progress-leaving = Taking you to ScotAccount…
step-sealing = Making the keys of your mailbox…
step-confirming = Checking your sign-in…
step-publishing = Entering your mailbox in the directory…
step-verifying = Checking that everything is right…
step-opening-mailbox = Opening your mailbox…
step-unlocking = Checking your passphrase…
step-loading = Loading your letters…
step-restoring = Bringing your letters back…

## What went wrong

vault-failed-name = This page is not working
vault-failed-title = This page is not working
vault-failed-text = A part of this page could not start. Your letters and keys have not been touched. Try to load the page again.
stopped-name = Not now
stopped-title = Your letters cannot be opened at the moment
stopped-text = Nothing was deleted. Try to load the page again. “Start again” deletes no letters: it only drops a sign-in that was not finished.

problem-passphrase-too-short = Type a passphrase of at least 8 characters.
problem-wrong-passphrase = This is not the passphrase. Check it and try again.
problem-no-memory = This device has too little free memory. Close other tabs and apps, and try again.
problem-no-storage = This browser has no room left, or does not let this page store anything. Make room, or leave private browsing, and try again.
problem-storage-damaged = What is stored on this device cannot be read. Nothing was deleted. Load the page again. If that does not help, your recovery code brings your letters back.
problem-unknown-sign-in = What came back does not belong to a sign-in that was begun here, so it was not used. Please begin on this page.
problem-sign-in-expired = The sign-in is over: it took longer than an hour, or something changed meanwhile. Please sign in again.
problem-sign-in-cancelled = The sign-in was stopped at ScotAccount. Nothing was shared. You can go on or start again.
problem-not-confirmed = ScotAccount could not confirm who you are. You can try again. The help pages of ScotAccount say what it needs.
problem-directory-unreachable = The directory of mailboxes cannot be reached at the moment. Try again in a few minutes.
problem-directory-refused = The directory of mailboxes did not accept this. Try again later.
problem-out-of-time = Letterbox and this device do not agree on the time. Check the date and time of this device. If they are right, the fault is not yours: try again later.
problem-directory-other-sign-in = The directory of mailboxes went on with a sign-in that was not made on this device. We stopped, to keep you safe. Please tell the people who run Letterbox.
problem-directory-other-details = The directory of mailboxes cannot show that ScotAccount confirmed your name or address. We stopped, to keep you safe. Please tell the people who run Letterbox.
problem-directory-other-keys = The directory of mailboxes shows other keys under your name than those of this device. Letters could go to somebody else. Please tell the people who run Letterbox at once.
problem-directory-other-history = The directory of mailboxes contradicts what it showed before. We stopped, to keep you safe. Please tell the people who run Letterbox.
problem-directory-lied = The directory of mailboxes cannot prove what it says. We stopped, to keep you safe. Please tell the people who run Letterbox.
problem-relay-unreachable = The place where your letters are stored cannot be reached at the moment. Try again in a few minutes.
problem-relay-refused = The place where your letters are stored did not accept this. Try again later.
problem-relay-lied = The place where your letters are stored gave an answer that is not right. A letter may be missing or changed. Please tell the people who run Letterbox.
problem-shut-out = This mailbox was opened on another device with the recovery code. This device gets no new letters; what is here stays. If it was not you, tell the people who run Letterbox.
problem-relay-older = The place where your letters are stored shows an older state than before. Letters may be missing. Please tell the people who run Letterbox.
problem-trust-file = This page could not make sure that it talks to the right service. We stopped, to keep you safe. Try again later.
problem-other-deployment = This page no longer belongs to the service where your mailbox was set up. We stopped, to keep you safe. Your letters have not been touched.
problem-two-letters-of-one-number = Two different letters came under the same number. That must not happen. Please tell the people who run Letterbox.
problem-unopenable-letter = A letter came that this device cannot open, or whose sender could not be checked. It is not shown.
problem-keys-in-use = This cannot be thrown away any more: your mailbox may be set up with it already. Please go on with the passphrase that you chose.
problem-too-many-sessions = Your letters were opened with your recovery code too often. They cannot be opened in this way for now. Use a device of your own, or get a new code there.
problem-session-over = This was closed before it could be used. Please sign in again.
problem-no-such-letter = This letter is not here any more.
problem-attachment-lost = The place where your letters are stored does not have this file any more. You can still read the letter. Ask the sender for the file.
problem-attachment-altered = The file that came is not the one that the letter names, so it was not saved. Ask the sender for it, and please tell the people who run Letterbox.
problem-out-of-turn = This page is out of step. Please load it again.
problem-code-malformed = Something in this recovery code is missing or not right. It has ten groups of four. Compare it with your sheet, one group at a time.
problem-code-unknown = No mailbox opens with this code. It may be an old one. If you have a newer sheet, type the code from that.
problem-code-replaced = The code that you typed was replaced by a newer one. Start again with the sheet that you finished last.
problem-code-mistyped = This does not match your code. Compare both groups with your sheet. If they are the same, choose “Show the code again” and correct the sheet.
problem-other-owner = The recovery code is for the mailbox of somebody else than the person who signed in. Start again with your own code, or sign in to your own ScotAccount.

## Dates, where the browser does not know the language

date-long =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }
date-at-time = { $date }, { $time }
