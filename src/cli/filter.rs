//! What the filters share: `extract`, `feed` and `listing` read inputs one after the other, answer
//! with one JSON line each, and never hold more than one of them.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{WORLD_FAILED, WRONG_INPUT, progress::Progress};

/// Bytes of one input; larger ones are cut off there by none of our fetches either.
const MAX_INPUT: u64 = 1 << 30;
/// Bytes of a line of a manifest.
const MAX_LINE: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct Inputs {
    /// Files; `-` is standard input.
    #[arg(value_name = "FILE", required_unless_present = "manifest", conflicts_with = "manifest")]
    files: Vec<PathBuf>,
    /// Many inputs: JSON lines of `{"id", "file", "url", "content_type"}`; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Where the input was read: relative addresses are resolved against it.
    #[arg(long, value_name = "URL", conflicts_with = "manifest")]
    url: Option<Url>,
    /// At the end, one JSON object on standard error: items, bytes, seconds and `cpu_seconds` of
    /// the work itself.
    #[arg(long)]
    stats: bool,
}

/// A line of the manifest: one input and what is known of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Names the input in its line of the output.
    pub(super) id: String,
    file: PathBuf,
    /// Where it was read.
    #[serde(default)]
    pub(super) url: Option<Url>,
    /// The `Content-Type` header.
    #[serde(default)]
    pub(super) content_type: Option<String>,
}

/// An answer: more fields of the line, or why there are none.
pub(super) type FilterResult<T = serde_json::Map<String, Value>> = Result<T, String>;

/// A line of the output.
#[derive(Serialize)]
struct OutputLine<'a, T> {
    id: &'a str,
    #[serde(flatten)]
    answer: Option<T>,
    /// False where there is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What a filter did, without the reading of its inputs.
#[derive(Debug, Default, Serialize)]
pub(super) struct FilterStats {
    items: u64,
    pub(super) bytes: u64,
    seconds: f64,
    cpu_seconds: f64,
}

impl FilterStats {
    /// Adds an item whose work began at this time, by the clock and by the CPU time of this thread.
    pub(super) fn add(&mut self, started: Instant, cpu: Duration) {
        self.items += 1;
        self.seconds += started.elapsed().as_secs_f64();
        self.cpu_seconds += cpu_time().saturating_sub(cpu).as_secs_f64();
    }
}

impl Inputs {
    /// Puts each input through `work`. Exit code 1 where a file could not be used, or the manifest
    /// is wrong; with a manifest an input that gave nothing is an answer like any other.
    pub(super) fn run<T: Serialize>(
        self,
        work: impl FnMut(&Input, &[u8]) -> FilterResult<T>,
    ) -> ExitCode {
        let mut filter = Filter {
            work,
            out: io::BufWriter::new(io::stdout().lock()),
            stats: FilterStats::default(),
            failed: false,
        };
        let outcome = match &self.manifest {
            Some(path) => filter.manifest(path),
            None => self.files.iter().try_for_each(|file| {
                let id = if file == Path::new("-") {
                    "-".to_owned()
                } else {
                    file.display().to_string()
                };
                filter.process(&Input {
                    id,
                    file: file.clone(),
                    url: self.url.clone(),
                    content_type: None,
                })
            }),
        };
        let outcome = outcome.and_then(|()| filter.out.flush().map_err(FilterError::Out));
        let (stats, failed) = (filter.stats, filter.failed && self.manifest.is_none());
        let code = match outcome {
            Ok(()) => u8::from(failed) * WRONG_INPUT,
            Err(FilterError::Manifest(words)) => {
                say!("nashra: {words}");
                WRONG_INPUT
            }
            // Whoever read our answers has seen enough.
            Err(FilterError::Out(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Err(FilterError::Out(error)) => {
                say!("nashra: standard output: {error}");
                WORLD_FAILED
            }
        };
        if self.stats {
            say!("{}", serde_json::to_string(&stats).unwrap_or_default());
        }
        ExitCode::from(code)
    }
}

enum FilterError {
    Manifest(String),
    Out(io::Error),
}

struct Filter<W, O> {
    work: W,
    out: O,
    stats: FilterStats,
    failed: bool,
}

impl<T: Serialize, W: FnMut(&Input, &[u8]) -> FilterResult<T>, O: io::Write> Filter<W, O> {
    fn manifest(&mut self, path: &Path) -> Result<(), FilterError> {
        let name = path.display();
        let mut lines = BufReader::new(
            open(path).map_err(|error| FilterError::Manifest(format!("{name}: {error}")))?,
        );
        let (mut line, progress) = (Vec::new(), Progress::through(path));
        for number in 1_u64.. {
            progress.advance(line.len());
            line.clear();
            let wrong = |what: &dyn std::fmt::Display| {
                FilterError::Manifest(format!("{name}:{number}: {what}"))
            };
            if lines
                .by_ref()
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .map_err(|error| wrong(&error))?
                == 0
            {
                break;
            }
            if !line.trim_ascii().is_empty() {
                self.process(&serde_json::from_slice(&line).map_err(|error| wrong(&error))?)?;
            }
        }
        Ok(())
    }

    fn process(&mut self, input: &Input) -> Result<(), FilterError> {
        let mut bytes = Vec::new();
        let read = open(&input.file).and_then(|file| file.take(MAX_INPUT).read_to_end(&mut bytes));
        let answer = match read {
            Ok(_) => self.measured(input, &bytes),
            Err(error) => Err(format!("{}: {error}", input.file.display())),
        };
        self.failed |= answer.is_err();
        let (answer, error) = match answer {
            Ok(answer) => (Some(answer), None),
            Err(error) => (None, Some(error)),
        };
        let line =
            OutputLine { id: &input.id, answer, ok: error.is_some().then_some(false), error };
        let written = serde_json::to_writer(&mut self.out, &line)
            .map_err(io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"));
        written.map_err(FilterError::Out)
    }

    fn measured(&mut self, input: &Input, bytes: &[u8]) -> FilterResult<T> {
        let (started, cpu) = (Instant::now(), cpu_time());
        let answer = (self.work)(input, bytes);
        self.stats.bytes += bytes.len() as u64;
        self.stats.add(started, cpu);
        answer
    }
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    Ok(if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) })
}

/// CPU time of this thread.
pub(super) fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
