//! Microseconds of CPU and bytes of one article in each format, from the JSON of the outbox to what is sent:
//!
//!     cargo run --release --manifest-path tests/bench/Cargo.toml --bin formats [FILE]
//!
//! The file has one record as JSON; without one it is the example of the schema with a text that makes it 4 KB.
//! The encoders are those of nashra, without the rest of it.

use std::{hint::black_box, io::Write as _, time::Duration};

use rustix::time::{ClockId, clock_gettime};

use serde_json::Value;

use self::{encoders::avro, model::record::Topic};

mod encoders;

/// Where the encoders find it.
mod model {
    pub mod record {
        pub use nashra_read::model::record::Topic;
    }
}

/// CPU time that one row is measured for.
const MEASURED: Duration = Duration::from_millis(1_500);

fn main() -> Result<(), String> {
    let json = match std::env::args().nth(1) {
        Some(file) => std::fs::read(&file).map_err(|error| format!("{file}: {error}"))?,
        None => made()?,
    };
    let schema = avro::Schema::parse(include_str!("../../../schemas/article.avsc"))?;
    let parsed = || -> Result<Value, String> {
        let mut value: Value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        encoders::split(&mut value);
        Ok(value)
    };
    println!("{:12}{:>8}{:>8}{:>8}", "", "bytes", "zstd", "µs");
    row("json", || Ok(json.clone()))?;
    row("avro", || {
        let mut out = vec![0; 5];
        schema.encode(&parsed()?, &mut out).map(|()| out)
    })?;
    row("protobuf", || {
        let mut out = vec![0; 5];
        encoders::to_protobuf(parsed()?, &mut out).map(|()| out)
    })
}

fn row(name: &str, encode: impl Fn() -> Result<Vec<u8>, String>) -> Result<(), String> {
    let bytes = encode()?;
    let zstd = zstd::encode_all(&*bytes, 3).map_err(|error| error.to_string())?.len();
    let (started, mut count) = (cpu(), 0_u32);
    while cpu() - started < MEASURED {
        black_box(encode()?);
        count += 1;
    }
    let each = (cpu() - started).as_secs_f64() * 1e6 / f64::from(count);
    writeln!(std::io::stdout(), "{name:12}{:>8}{zstd:>8}{each:>8.1}", bytes.len()).map_err(|error| error.to_string())
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The example of the schema, its text repeated until it has 4 KB.
fn made() -> Result<Vec<u8>, String> {
    let example = include_str!("../../../src/cli/schema/article.json");
    let mut record: Value = serde_json::from_str(example).map_err(|error| error.to_string())?;
    loop {
        let json = serde_json::to_vec(&record).map_err(|error| error.to_string())?;
        if json.len() >= 4_000 {
            return Ok(json);
        }
        let more = " The harbour of the old town took in ships again.";
        record["text"] = format!("{}{more}", record["text"].as_str().unwrap_or_default()).into();
    }
}
