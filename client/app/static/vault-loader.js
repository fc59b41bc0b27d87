// Runs inside the worker. The names below are replaced by hashed ones when the client is built.
import startVault from "./vault.js";

const VAULT_PROGRAM = "/vault_bg.wasm";

await startVault({ module_or_path: VAULT_PROGRAM });
