//! stub
mod fetch;
