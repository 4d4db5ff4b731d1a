//! Tells the program its compiler, and builds `waits.c` into every program of this package, where
//! the C library is glibc: others have no wait on a condition by a monotonic clock, and there a
//! clock that is set back by much holds publishing up. Compiles the messages of Protobuf.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-env-changed=NASHRA_COMMIT");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = std::process::Command::new(compiler).arg("--version").output();
    let told = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned());
    println!("cargo:rustc-env=NASHRA_RUSTC={}", told.unwrap_or_default());
    println!("cargo:rerun-if-changed=native/waits.c");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // As an object: of a library the linker would take it only if it were asked for before
        // librdkafka is.
        for object in cc::Build::new().file("native/waits.c").compile_intermediates() {
            println!("cargo:rustc-link-arg={}", object.display());
        }
    }
    println!("cargo:rerun-if-changed=schemas/nashra.proto");
    let mut compiler = protox::Compiler::new(["schemas"])?;
    compiler.include_imports(true).open_file("nashra.proto")?;
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    std::fs::write(out.join("nashra.desc"), compiler.encode_file_descriptor_set())?;
    Ok(())
}
