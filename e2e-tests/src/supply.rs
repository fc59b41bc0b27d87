//! What the processes need before they can start: keys, settings, the trust file, a public body.
//!
//! Everything is made by the programs' own commands, as an operator would, and only where it is
//! missing: a second start finds it all.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    places::{Folder, Ports, listen, origin},
    process::command,
};

/// Our client id at the identity provider.
const CLIENT_ID: &str = "letterbox";

/// ScotAccount's client id at our provisioning interface, and the file with its secret.
pub(crate) const PROVISIONING_CLIENT: &str = "scotaccount";
pub(crate) const PROVISIONING_SECRET: &str = "provisioning";

/// The demonstration body.
pub(crate) const BODY: &str = "example-council";

/// Why something could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SupplyError {
    #[error("cannot run {program}: {cause}. Run `make build` first")]
    Spawn { program: String, cause: io::Error },
    #[error("{program} {command} did not work:\n{said}")]
    Command { program: String, command: String, said: String },
    #[error("cannot use {}: {cause}", .file.display())]
    File { file: PathBuf, cause: io::Error },
    #[error("{} is not what it should be: remove it and start again", .0.display())]
    Damaged(PathBuf),
}

/// The programs, the folder and the ports that everything is made for.
pub(crate) struct Supply<'a> {
    pub(crate) programs: &'a Path,
    pub(crate) folder: &'a Folder,
    pub(crate) ports: &'a Ports,
    /// Whether ScotAccount may have mailboxes provided.
    pub(crate) provide: bool,
}

impl Supply<'_> {
    /// Keys, and the settings of all processes.
    pub(crate) async fn keys_and_settings(&self) -> Result<(), SupplyError> {
        self.key("letterbox-server", "receipt", "relay-receipt").await?;
        self.key("letterbox-server", "ticket", "ticket").await?;
        for kind in ["log", "vrf", "index", "sealing", "deployment", "provider"] {
            self.key("letterbox-keyserver", kind, kind).await?;
        }
        for operator in ["operator-1", "operator-2"] {
            self.key("letterbox-keyserver", "operator", operator).await?;
        }
        if self.provide {
            // Any random text serves.
            self.key("letterbox-keyserver", "sealing", PROVISIONING_SECRET).await?;
        }
        self.clients().await?;
        self.write("relay.toml", &self.relay_settings())?;
        self.write("directory.toml", &self.directory_settings().await?)
    }

    /// The trust file, made when ScotAccount's keys can be asked for.
    pub(crate) async fn trust_file(&self) -> Result<(), SupplyError> {
        let receipt = self.public("letterbox-server", None, "relay-receipt").await?;
        let (config, out) = (self.folder.file("directory.toml"), self.folder.file("trust.json"));
        // What was replaced is carried over.
        let before = if out.exists() {
            vec![OsStr::new("--previous"), out.as_os_str()]
        } else {
            vec![OsStr::new("--first")]
        };
        let make: [&OsStr; 16] = [
            "trust".as_ref(),
            "make".as_ref(),
            "--config".as_ref(),
            config.as_os_str(),
            "--directory-url".as_ref(),
            &OsString::from(origin(self.ports.directory)),
            "--relay-url".as_ref(),
            &OsString::from(origin(self.ports.relay)),
            "--relay-receipt-key".as_ref(),
            receipt.as_ref(),
            "--authorize-url".as_ref(),
            &OsString::from(format!("{}/authorize", origin(self.ports.scotaccount))),
            "--deployment-key".as_ref(),
            &OsString::from(self.folder.key("deployment")),
            "--out".as_ref(),
            out.as_os_str(),
        ];
        self.run("letterbox-keyserver", &[&make[..], &before[..]].concat()).await.map(drop)
    }

    /// The demonstration body: its keys, and its entry approved by both operators.
    pub(crate) async fn body(&self) -> Result<(), SupplyError> {
        let keys = self.folder.file("body.keys");
        if !keys.exists() {
            let deployment = self.public("letterbox-keyserver", Some("deployment"), "deployment").await?;
            let trust = self.folder.file("trust.json");
            self.run(
                "letterbox",
                &[
                    "keys".as_ref(),
                    "new".as_ref(),
                    keys.as_os_str(),
                    "--body".as_ref(),
                    BODY.as_ref(),
                    "--trust".as_ref(),
                    trust.as_os_str(),
                    // In one word: a key can begin with a hyphen.
                    format!("--deployment-key={deployment}").as_ref(),
                ],
            )
            .await?;
        }
        // Nothing stands before it yet.
        let directory = origin(self.ports.directory_behind);
        let list: [&OsStr; 4] =
            ["body".as_ref(), "list".as_ref(), "--directory".as_ref(), directory.as_ref()];
        if self.run("letterbox-keyserver", &list).await?.contains(BODY) {
            return Ok(());
        }
        let public = self.run("letterbox", &["keys".as_ref(), "public".as_ref(), keys.as_os_str()]).await?;
        let operators = [self.folder.key("operator-1"), self.folder.key("operator-2")];
        let add: [&OsStr; 20] = [
            "body".as_ref(),
            "add".as_ref(),
            "--directory".as_ref(),
            directory.as_ref(),
            "--id".as_ref(),
            BODY.as_ref(),
            "--name".as_ref(),
            "Example Council".as_ref(),
            "--name-gd".as_ref(),
            "Comhairle Eisimpleir".as_ref(),
            "--domain".as_ref(),
            "council.example".as_ref(),
            "--key".as_ref(),
            public.trim().as_ref(),
            "--host".as_ref(),
            "pay.council.example".as_ref(),
            "--operator-key".as_ref(),
            operators[0].as_os_str(),
            "--operator-key".as_ref(),
            operators[1].as_os_str(),
        ];
        self.run("letterbox-keyserver", &add).await.map(drop)
    }

    fn relay_settings(&self) -> String {
        let Ports { client, relay, relay_behind, .. } = self.ports;
        let (receipt, ticket) = (self.folder.key("relay-receipt"), self.folder.key("ticket"));
        format!(
            "listen = \"{}\"\nauthority = \"localhost:{relay}\"\norigins = [\"{}\"]\nstore = \"{}\"\n\
             receipt_key = \"file:{}\"\n\n[ticket_keys]\n1 = \"file:{}\"\n",
            listen(*relay_behind),
            origin(*client),
            self.folder.file("relay/store").display(),
            receipt.display(),
            ticket.display(),
        )
    }

    async fn directory_settings(&self) -> Result<String, SupplyError> {
        let Ports { client, directory, directory_behind, scotaccount, attributes, .. } = self.ports;
        let mut operators = Vec::new();
        for name in ["operator-1", "operator-2"] {
            operators.push(self.public("letterbox-keyserver", Some("operator"), name).await?);
        }
        let key = |name: &str| format!("file:{}", self.folder.key(name).display());
        Ok(format!(
            "listen = \"{listen}\"\nauthority = \"localhost:{directory}\"\norigins = [\"{client}\"]\n\
             store = \"{store}\"\nlog_origin = \"localhost:{directory}/log\"\n\
             log_key = \"{log}\"\nvrf_key = \"{vrf}\"\nindex_key = \"{index}\"\nsealing_key = \"{sealing}\"\n\
             ticket_key = 1\noperators = {operators:?}\n\n\
             [ticket_keys]\n1 = \"{ticket}\"\n\n\
             [provider]\nissuer = \"{issuer}\"\nattribute_issuer = \"{attributes}\"\n\
             attributes_url = \"{attributes}/attributes/values\"\nclient_id = \"{CLIENT_ID}\"\n\
             client_key = \"file:{provider}\"\nredirect_uri = \"{client}/signed-in\"\n{provisioning}",
            listen = listen(*directory_behind),
            client = origin(*client),
            store = self.folder.file("directory/store").display(),
            log = key("log"),
            vrf = key("vrf"),
            index = key("index"),
            sealing = key("sealing"),
            ticket = key("ticket"),
            provider = self.folder.key("provider").display(),
            issuer = origin(*scotaccount),
            attributes = origin(*attributes),
            provisioning = self.provisioning_settings()?,
        ))
    }

    /// Who may have mailboxes provided; nothing for nobody.
    fn provisioning_settings(&self) -> Result<String, SupplyError> {
        if !self.provide {
            return Ok(String::new());
        }
        let file = self.folder.key(PROVISIONING_SECRET);
        let secret = fs::read_to_string(&file).map_err(|cause| SupplyError::File { file, cause })?;
        let hash = Sha256::digest(secret.trim_end());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("\n[provisioning]\nclient_id = \"{PROVISIONING_CLIENT}\"\nsecret_sha256 = \"{hash}\"\n"))
    }

    /// The stand-in's list of clients: ours.
    async fn clients(&self) -> Result<(), SupplyError> {
        let file = self.folder.key("provider");
        let jwk = self.public("letterbox-keyserver", Some("provider"), "provider").await?;
        let jwk: Value = serde_json::from_str(&jwk).map_err(|_| SupplyError::Damaged(file))?;
        let client = origin(self.ports.client);
        let clients = json!([{
            "client_id": CLIENT_ID,
            "name": "Letterbox",
            "redirect_uris": [format!("{client}/signed-in")],
            "post_logout_redirect_uris": [format!("{client}/")],
            "scopes": ["openid", "scotaccount.gpg45.medium", "scotaccount.address"],
            "jwks": { "keys": [jwk] },
        }]);
        self.write("clients.json", &clients.to_string())
    }

    async fn key(&self, program: &str, kind: &str, name: &str) -> Result<(), SupplyError> {
        let file = self.folder.key(name);
        if file.exists() {
            return Ok(());
        }
        self.run(program, &["keys".as_ref(), "new".as_ref(), kind.as_ref(), file.as_os_str()]).await.map(drop)
    }

    async fn public(&self, program: &str, kind: Option<&str>, name: &str) -> Result<String, SupplyError> {
        let file = self.folder.key(name);
        let kind = kind.map(OsStr::new);
        let arguments: Vec<&OsStr> =
            ["keys".as_ref(), "public".as_ref()].into_iter().chain(kind).chain([file.as_os_str()]).collect();
        Ok(self.run(program, &arguments).await?.trim().to_owned())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), SupplyError> {
        let file = self.folder.file(name);
        fs::write(&file, text).map_err(|cause| SupplyError::File { file, cause })
    }

    /// Runs a program to its end and returns what it printed.
    async fn run(&self, program: &str, arguments: &[&OsStr]) -> Result<String, SupplyError> {
        let output = command(&self.programs.join(program))
            .args(arguments)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|cause| SupplyError::Spawn { program: program.to_owned(), cause })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let command =
            arguments.iter().take(2).map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(SupplyError::Command { program: program.to_owned(), command, said })
    }
}
