//! Compiles the messages of Protobuf, as nashra's own build does.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=../../schemas/nashra.proto");
    let mut compiler = protox::Compiler::new(["../../schemas"])?;
    compiler.include_imports(true).open_file("nashra.proto")?;
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    std::fs::write(out.join("nashra.desc"), compiler.encode_file_descriptor_set())?;
    Ok(())
}
