// Every type that holds a secret is wiped when dropped and does not print itself: node scripts/secrets.mjs
//
// This is the one list of them. A type whose name says that it may be one has to be on it, or among those of
// which it is said why they hold none. That the fields are wiped is checked by the compiler
// (`relay_auth::wiped!`), that the words are right by the tests of each crate.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const SECRET = {
  "relay-auth": ["Secret", "SigningKey", "TicketKeys", "Bytes"],
  "crypto-core": ["Seed", "InboxPrivateKey", "AttachmentKey", "Sealer", "ArchiveRoot", "Bundle", "RecoveryCode", "RecoveryKeys", "Keys"],
  "client/mailbox": ["DeviceKeys", "Former", "Found"],
  "keyserver": ["Keys", "DirectoryKeys", "RecordKeys", "Handle", "Session", "IdentityTokens", "Tokens", "Sealing", "Index"],
  "service": ["KeySource"],
  "sender-sdk": ["KeysFile"],
};

// Named as if, with the reason why not.
const PUBLIC = {
  "a public key, or what names one": ["VerifyingKey", "InboxPublicKey", "BodyKey", "InboxKey", "LogKey", "KeySet", "RequestKey", "NewRecoveryKey", "KnownKey", "ByRecoveryKey"],
  "sealed": ["WrappedSecret", "SealedBundle", "StoredBundle", "RecoveryBundle"],
  "what was verified of a token: a name for the person and a nonce": ["IdToken"],
  "a number of a kind, for programs": ["Code", "ActionCode"],
  "the form of a request or an answer, for its description": ["TokenRequest"],
  "an argument of a command line": ["Commands"],
  "an error": ["OtherTokens", "TokenRefused", "TokenRefusal", "NotAClientKey"],
};

// Known gaps: these hold a secret and are not wiped, because what they are made of is not ours.
const GAPS = {
  ClientKey: "keyserver: the key of jsonwebtoken, which has no way to be wiped; it lives as long as the process",
  TokenAnswer: "keyserver: serialised by serde_json into a buffer of its own; the token lasts ten minutes",
};

// Enums of that name in two programs are the subcommands about keys; the row of names at the relay has the
// name of the keys in crypto-core.
const ELSEWHERE = { "keyserver/src/commands/keys.rs": ["Keys"], "sender-cli/src/arguments.rs": ["Keys"], "server/src/main.rs": ["Keys"], "server/src/store/embedded/rows.rs": ["RecoveryKeys"] };

const LOOKS_SECRET = /Secret|Seed|Key|Token|Passphrase|Handle|Bundle|Private|^(\w*Recovery)?Code$/;
const EXCLUDED = /^(bench|fuzz|scotaccount-sim|e2e-tests)\/|\/tests\//;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs"], { encoding: "utf8" }).trim().split("\n").filter((file) => !EXCLUDED.test(file));
// Without tests, which stand at the end of a file.
const sources = files.map((file) => ({ file, text: readFileSync(file, "utf8").split("\n#[cfg(test)]\nmod tests {")[0] }));

const problems = [];
const crateOf = (file) => file.slice(0, file.indexOf("/src/"));
const open = new Set([...Object.values(PUBLIC).flat(), ...Object.keys(GAPS)]);
const seen = new Set();

for (const { file, text } of sources) {
  for (const [, attributes, name] of text.matchAll(/((?:^[ \t]*#\[[^\n]*\n)*)^[ \t]*(?:pub(?:\([a-z]+\))? )?(?:struct|enum) (\w+)/gm)) {
    if (ELSEWHERE[file]?.includes(name)) continue;
    const crate = crateOf(file);
    const isListed = SECRET[crate]?.includes(name);
    if (isListed) {
      seen.add(`${crate} ${name}`);
      const all = sources.filter((source) => crateOf(source.file) === crate).map((source) => source.text).join("\n");
      const says = (...expressions) => expressions.some((expression) => expression.test(all));
      const isWiped = /ZeroizeOnDrop/.test(attributes) || says(new RegExp(`impl ZeroizeOnDrop for ${name} `), new RegExp(`wiped!\\([^)]*\\b${name} \\{`));
      if (!isWiped) problems.push(`${name} in ${file} is not said to be wiped: relay_auth::wiped!(${name} { FIELDS })`);
      // A derived `Debug` prints each field, which then has to be redacted itself: no text and no bytes.
      const body = text.slice(text.search(new RegExp(`(struct|enum) ${name}\\b`))).split(/^}|;$/m)[0];
      if (/\bDebug\b/.test(attributes) && /: (String|Vec<u8>|\[u8)/.test(body.replace(/\borigin: String/, ""))) problems.push(`${name} in ${file} prints what it holds: write a Debug that says [redacted]`);
    } else if (LOOKS_SECRET.test(name) && !/Error$|Id$/.test(name) && !open.has(name)) {
      problems.push(`${name} in ${file} looks like a secret: put it on the list in scripts/secrets.mjs, or say there why it is none`);
    }
  }
}
for (const [crate, names] of Object.entries(SECRET)) {
  for (const name of names) if (!seen.has(`${crate} ${name}`)) problems.push(`${name} is listed in scripts/secrets.mjs and is not in ${crate}`);
}
for (const problem of problems) console.log(`secrets: ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
