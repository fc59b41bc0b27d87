# English. One message a line; the tests fail when a message is missing here or in gd.ftl.

language-name = English
language-switch = Gàidhlig
language-review = { "" }

app-title = Letterbox
page-title = { $screen } – Letterbox
skip-to-content = Skip to main content
header-landmark = Letterbox
language-landmark = Language
leave-now = Leave this page now
leave-now-hint = You can also press the Escape key three times.
leave-now-count =
    { $left ->
        [one] Press Escape once more to leave this page.
       *[other] Press Escape { $left } more times to leave this page.
    }

start-name = Start
start-title = Your official letters, in one place
start-lead = Public bodies in Scotland can send letters to you here. You read and answer them on your own phone, tablet or computer.
start-private-title = Only your devices can read your letters
start-private-text = We store your letters locked. We do not have the key, so we cannot read them. Nobody else can either.
start-unavailable-title = You cannot open a mailbox here yet
start-unavailable-text = This is an early version. Setting up a mailbox is still being built. Please go on using letters on paper.

vault-starting = Starting…
vault-ready = This page has started and is ready.
vault-failed-name = Something is missing
vault-failed-title = Something is missing
vault-failed-text = A part of this page could not start. Your letters and keys have not been touched. Try to load the page again.
vault-failed-retry = Load the page again
