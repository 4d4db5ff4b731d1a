//! Any text is a moment or none; a moment that was read is read again from its own writing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::dates::moment::{self, Order};

fuzz_target!(|text: &str| {
    let _ = moment::order(text);
    for order in [None, Some(Order::DayFirst), Some(Order::MonthFirst)] {
        if let Some(moment) = moment::parse(text, order)
            && !moment.assumed.implausible
        {
            assert_eq!(moment::parse(&moment.time.to_rfc3339(), None).map(|again| again.time.timestamp()), Some(moment.time.timestamp()));
            assert_eq!(moment::parse(&moment.time.to_rfc2822(), None).map(|again| again.time.timestamp()), Some(moment.time.timestamp()));
        }
    }
});
