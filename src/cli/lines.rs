//! Commands that go through files of JSON lines, such as archives of records, one line after the
//! other.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use serde::de::DeserializeOwned;

use super::{WORLD_FAILED, WRONG_INPUT, progress::Progress};

/// Bytes of a line that are read.
const MAX_LINE: u64 = 1 << 26;

/// Why a command that reads lines ended before their end.
#[derive(Debug)]
pub(super) enum LinesError {
    /// A file or a line cannot be read; the words name it.
    Input(String),
    /// Standard output cannot be written.
    Output(io::Error),
}

impl LinesError {
    /// Says what happened; gives the exit code.
    pub(super) fn tell(&self) -> u8 {
        match self {
            Self::Input(words) => {
                say!("nashra: {words}");
                WRONG_INPUT
            }
            // Whoever read it has seen enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(error) => {
                say!("nashra: standard output: {error}");
                WORLD_FAILED
            }
        }
    }
}

/// Hands over what each line of a file says, and the bytes of the line; empty ones are passed over.
/// `-` is standard input.
pub(super) fn read<T: DeserializeOwned>(
    path: &Path,
    mut take: impl FnMut(T, usize) -> Result<(), LinesError>,
) -> Result<(), LinesError> {
    let name = path.display();
    let unreadable = |error: io::Error| LinesError::Input(format!("{name}: {error}"));
    let mut lines: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(unreadable)?))
    };
    let (mut line, progress) = (Vec::new(), Progress::through(path));
    for number in 1_u64.. {
        progress.advance(line.len());
        line.clear();
        let read = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(unreadable)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let value = serde_json::from_slice(&line)
            .map_err(|error| LinesError::Input(format!("{name}:{number}: {error}")))?;
        take(value, line.len())?;
    }
    Ok(())
}
