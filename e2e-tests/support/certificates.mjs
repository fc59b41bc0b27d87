// Certificates of `localhost` that sign themselves, made by OpenSSL.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";

// OpenSSL looks for who signed a certificate by this name: no two have the same.
const settingsOf = (name) => `
[req]
distinguished_name = name
prompt = no
x509_extensions = extensions
[name]
CN = ${name}
[extensions]
subjectAltName = DNS:localhost
`;

// Makes a certificate and its key, which OpenSSL writes for its owner alone. Returns their files.
export function certify(folder, name) {
  const [settings, certificate, key] = ["cnf", "pem", "key"].map((ending) => join(folder, `${name}.${ending}`));
  writeFileSync(settings, settingsOf(name));
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2", "-config", settings, "-keyout", key, "-out", certificate];
  execFileSync("openssl", words, { stdio: "ignore" });
  return { certificate, key };
}

// The certificate that is shown at an address, and the version that is spoken there.
export function shown(origin, trusted) {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), servername: hostname, ca: readFileSync(trusted) }, () => {
      resolve({ certificate: socket.getPeerX509Certificate().toString(), version: socket.getProtocol() });
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
