// Every type that holds a secret is wiped when dropped and does not print itself: node scripts/secrets.mjs
//
// This is the one list of them. A type whose name, or the name of one of whose fields, says that it may be
// one has to be on it, or among those of which it is said why they hold none. That the fields are wiped is
// checked by the compiler (`relay_auth::wiped!`), that none was left out there by this; that the words are
// right by the tests of each crate.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const SECRET = {
  "relay-auth": ["Secret", "SigningKey", "TicketKeys", "Bytes"],
  "crypto-core": ["Seed", "InboxPrivateKey", "AttachmentKey", "Sealer", "ArchiveRoot", "Bundle", "RecoveryCode", "RecoveryKeys", "Keys"],
  "client/mailbox": ["DeviceKeys", "Former", "Found"],
  "keyserver": ["Keys", "DirectoryKeys", "RecordKeys", "Handle", "Session", "IdentityTokens", "Tokens", "Sealing", "Index", "Redemption", "Redeemed", "AttributesAnswer", "ProvideRequest"],
  "server": ["ReceiptSigner"],
  "service": ["KeySource"],
  "sender-sdk": ["KeysFile"],
};

// What of a secret type need not be wiped: fields of these types, and those that are named.
const OPEN_TYPES = /^(Version|Suite|u8|u64|bool|VerifyingKey|InboxPublicKey|DirectoryId|BodyId|TrustSource)$/;
const OPEN_FIELDS = {
  "DirectoryKeys origin": "the log's name",
  "DeviceKeys device_salt": "a salt of what stands in the entry",
  "DeviceKeys recovery_salt": "a salt of what stands in the entry",
  "Former bundle_digest": "a hash of what the relay has",
  "Former bundle_salt": "a salt of what stands in the entry",
  "Found digest": "a hash of what the relay has",
  "Bundle salt": "a salt of what stands in the entry",
  "InboxPrivateKey private": "wipes itself (x-wing with its feature zeroize), and does not say so",
  "Redemption stage": "what was asked for",
  "Sealer stream": "its cipher wipes itself, and the stream does not say so",
  "Sealer aad": "public",
  "Sealer digest": "a hash that stands in the letter",
};

// These hold passphrases, codes, tokens or names in plain text for a moment. They are wiped where the whole
// program wipes what it frees (`docs/decisions/0016-wiping-what-is-freed.md`), and do not print themselves.
const IN_PLAIN_TEXT = {
  "api": ["SignInRequest", "SignInAnswer", "CollectRequest", "Collected", "OwnEntriesRequest", "PublishRequest", "Published", "OpenMailbox", "SessionTicketRequest", "SessionTicketAnswer"],
  "client/messages": ["Command", "RecoverySheet"],
  "client/mailbox": ["Flow", "Enrolment", "SignedEnrolment", "Enrolled", "Returned", "Download", "Saved"],
  "crypto-core": ["Evidence", "AddressEvidence", "Address", "Attributes", "VerifiedPerson", "Opener"],
};

// Their `Debug` says a length, or a step, and nothing of what they hold.
const ALLOWED_TO_SAY = ["Bytes", "Enrolment"];

// Have copies, each of which is wiped.
const CLONED = ["Bytes", "Session", "IdentityTokens"];

// Named as if, with the reason why not.
const PUBLIC = {
  "a public key, or what names one": ["VerifyingKey", "InboxPublicKey", "BodyKey", "ReceiptKey", "ReceiptKeys", "InboxKey", "LogKey", "KeySet", "RequestKey", "NewRecoveryKey", "KnownKey", "ByRecoveryKey"],
  "sealed": ["WrappedSecret", "SealedBundle", "StoredBundle", "RecoveryBundle"],
  "what was verified of a token: a name for the person and a nonce": ["IdToken"],
  "a number of a kind, for programs": ["Code", "ActionCode", "Problem", "Refused", "Refusal"],
  "the form of a request or an answer, for its description": ["TokenRequest"],
  "an argument of a command line": ["Commands"],
  "an error": ["OtherTokens", "TokenRefused", "TokenRefusal", "NotAClientKey"],
  "an authentication code": ["SealedRecord"],
  "hashes of tokens": ["Access"],
  "what is typed, in the browser's memory, which the page cannot wipe": ["Page"],
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
const FIELD_LOOKS_SECRET = /^(?!.*_(sha256|endpoint|type)$)(.*_)?(seed|secret|passphrase|password|code|groups|verifier|token|handle|sign_in|voucher|private|signing_key|claims_token)s?$|^code_verifier$/;
const PLAIN = /\b(String|Vec<u8>|Bytes|Bytes32|Octets\d*|Cow|str)\b|\[u8/;
const EXCLUDED = /^(bench|fuzz|scotaccount-sim|e2e-tests)\/|\/tests\//;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.rs"], { encoding: "utf8" }).trim().split("\n").filter((file) => !EXCLUDED.test(file));
// Without tests, which stand at the end of a file.
const sources = files.map((file) => ({ file, text: readFileSync(file, "utf8").split("\n#[cfg(test)]\nmod tests {")[0] }));

const problems = [];
const crateOf = (file) => file.slice(0, file.indexOf("/src/"));
const open = new Set([...Object.values(PUBLIC).flat(), ...Object.keys(GAPS)]);
const seen = new Set();

// The fields of a type by their names, or places where they have none.
function fieldsOf(text, name) {
  const rest = text.slice(text.search(new RegExp(`\\b(struct|enum) ${name}\\b`)));
  const [, inline] = rest.match(/^\w+ \w+\((.*)\);/) ?? [];
  if (inline) return [["0", inline.replace(/#\[[^\]]*\]/g, "").replace(/\bpub(\([a-z]+\))? /, "").trim()]];
  const body = rest.split(/^}/m)[0];
  return [...body.matchAll(/^ +(?:pub(?:\([a-z]+\))? )?(\w+): (.+),$/gm)].map(([, field, type]) => [field, type]);
}

// Why a type prints what it holds; nothing where it does not.
function prints(name, all, attributes, fields) {
  if (new RegExp(`Display for ${name}\\b`).test(all)) return "has Display";
  if (new RegExp(`redacted!\\([^)]*\\b${name}\\b`).test(all)) return null;
  if (/\bDebug\b/.test(attributes)) {
    // A derived `Debug` prints each field, which then has to be redacted itself: no text and no bytes.
    const plain = fields.filter(([field, type]) => /\b(String|Vec<u8>|str)\b|\[u8/.test(type) && field !== "origin").map(([field]) => field);
    return plain.length > 0 ? `derives Debug, with ${plain.join(" and ")}` : null;
  }
  const [, written] = all.match(new RegExp(`Debug for ${name}\\b[^{]*\\{([^]*?)\\n\\}`)) ?? [];
  return written === undefined || /redacted/.test(written) || ALLOWED_TO_SAY.includes(name) ? null : "has a Debug without [redacted]";
}
for (const { file, text } of sources) {
  const crate = crateOf(file);
  const all = sources.filter((source) => crateOf(source.file) === crate).map((source) => source.text).join("\n");
  const says = (...expressions) => expressions.some((expression) => expression.test(all));
  for (const [, attributes, name] of text.matchAll(/((?:^[ \t]*#\[[^\n]*\n)*)^[ \t]*(?:pub(?:\([a-z]+\))? )?(?:struct|enum) (\w+)/gm)) {
    if (ELSEWHERE[file]?.includes(name)) continue;
    const fields = fieldsOf(text, name);
    const isSecret = SECRET[crate]?.includes(name);
    const isInPlainText = IN_PLAIN_TEXT[crate]?.includes(name);
    if (isSecret || isInPlainText) {
      seen.add(`${crate} ${name}`);
      const why = prints(name, all, attributes, fields);
      if (why) problems.push(`${name} in ${file} prints what it holds (it ${why}): write a Debug that says [redacted]`);
    }
    if (isSecret) {
      const [, listed] = all.match(new RegExp(`wiped!\\([^)]*\\b${name} \\{([^}]*)\\}`)) ?? [];
      const isWiped = /ZeroizeOnDrop/.test(attributes) || says(new RegExp(`impl ZeroizeOnDrop for ${name} `)) || listed;
      if (!isWiped) problems.push(`${name} in ${file} is not said to be wiped: relay_auth::wiped!(${name} { FIELDS })`);
      const wiped = listed?.split(",").map((field) => field.trim());
      for (const [field, type] of fields) {
        if (wiped && !wiped.includes(field) && !OPEN_TYPES.test(type) && !OPEN_FIELDS[`${name} ${field}`]) problems.push(`${field} of ${name} in ${file} is not among the fields that are wiped: put it there, or say in scripts/secrets.mjs why not`);
      }
      if (/\bClone\b/.test(attributes) && !CLONED.includes(name)) problems.push(`${name} in ${file} can be copied: write a duplicate() that says so`);
      if (/\bSerialize\b/.test(attributes)) problems.push(`${name} in ${file} is serialised by a derive`);
    } else if (!isInPlainText && !open.has(name)) {
      const field = fields.find(([called, type]) => FIELD_LOOKS_SECRET.test(called) && PLAIN.test(type))?.[0];
      const looks = LOOKS_SECRET.test(name) ? "" : field && ` by its field ${field}`;
      if (looks !== undefined && !/Error$|Id$/.test(name)) problems.push(`${name} in ${file} looks like a secret${looks}: put it on the list in scripts/secrets.mjs, or say there why it is none`);
    }
  }
}
for (const list of [SECRET, IN_PLAIN_TEXT]) {
  for (const [crate, names] of Object.entries(list)) {
    for (const name of names) if (!seen.has(`${crate} ${name}`)) problems.push(`${name} is listed in scripts/secrets.mjs and is not in ${crate}`);
  }
}
for (const problem of problems) console.log(`secrets: ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
