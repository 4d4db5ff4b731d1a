//! Builds `waits.c` into every program of this package, where the C library is glibc: others have
//! no wait on a condition by a monotonic clock, and there a clock that is set back by much holds
//! publishing up.

fn main() {
    println!("cargo:rerun-if-changed=native/waits.c");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        // As an object: of a library the linker would take it only if it were asked for before
        // librdkafka is.
        for object in cc::Build::new().file("native/waits.c").compile_intermediates() {
            println!("cargo:rustc-link-arg={}", object.display());
        }
    }
}
