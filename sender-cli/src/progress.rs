//! How far the files are, in one line for whoever waits at a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sender_sdk::Progress;

const TEMPLATE: &str = "{msg} [{bar:30}] {binary_bytes} of {binary_total_bytes}";

/// A line on the standard error output. Where that is no terminal, nothing is written.
pub(crate) struct Line(ProgressBar);

impl Line {
    /// A line that is drawn once there is something to say, or never where it is not wanted.
    pub(crate) fn new(is_wanted: bool) -> Self {
        let target = if is_wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        Self(match ProgressStyle::with_template(TEMPLATE) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    pub(crate) fn show(&self, progress: Progress) {
        self.0.set_message(words(progress));
        self.0.set_length(progress.total);
        self.0.set_position(progress.sent);
    }

    /// Takes the line away, so that what came of the letter stands alone.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// Files are counted, not named: others may see the screen.
fn words(progress: Progress) -> String {
    format!("file {} of {}", progress.file, progress.files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_which_file_is_on_its_way() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
        assert_eq!(words(Progress { file: 2, files: 3, sent: 1, total: 9 }), "file 2 of 3");
    }

    #[test]
    fn a_line_that_is_not_wanted_is_hidden() {
        let line = Line::new(false);
        line.show(Progress { file: 1, files: 1, sent: 5, total: 9 });
        assert!(line.0.is_hidden());
        assert_eq!((line.0.position(), line.0.length()), (5, Some(9)));
    }
}
