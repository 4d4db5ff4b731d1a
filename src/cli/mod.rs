//! The commands: each parses its arguments, calls the library, and turns the outcome into words and an exit code.

pub mod check;
