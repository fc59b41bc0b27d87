//! Writes the published vectors: `cargo run -p crypto-core --example vectors` from the root.
//!
//! A vector that changes is a format that changes: the tests fail until this was run and the change
//! looked at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a tool that may end with an error")]

#[path = "../tests/directory_vector.rs"]
mod directory_vector;
#[allow(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
#[path = "../tests/fake_directory.rs"]
mod fake_directory;
#[path = "../tests/test_keys.rs"]
mod test_keys;
#[path = "../tests/vector_set.rs"]
mod vector_set;
#[allow(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
#[path = "../tests/world.rs"]
mod world;

fn main() {
    let mut vectors = vector_set::vectors();
    vectors.push(("directory", directory_vector::directory()));
    for (name, vector) in vectors {
        let text = serde_json::to_string_pretty(&vector).unwrap() + "\n";
        std::fs::write(format!("docs/vectors/{name}.json"), text).unwrap();
    }
}
