//! Dates, amounts and sizes as people of the language write them.
//!
//! Days are days in Scotland, wherever the reader is: a deadline does not move with a journey.

use client_catalogue::{Language, Message};
use js_sys::{
    Array, Date, Function,
    Intl::{
        DateTimeFormat, DateTimeFormatOptions, DateTimeFormatPart, DateTimeFormatPartType, DayFormat,
        HourCycle, MonthFormat, NumberFormat, NumberFormatOptions, NumberFormatStyle, NumericFormat,
        YearFormat,
    },
    Object, Reflect,
};
use wasm_bindgen::{JsCast, JsValue};

use crate::language::Texts;

/// The time zone of all dates that are shown.
const ZONE: &str = "Europe/London";

/// The last second that a JavaScript date can hold (ECMA-262 §21.4.1.1).
const LAST_SECOND: u64 = 8_640_000_000_000;

/// A day, such as "14 March 2026". Empty for a time that no calendar has.
pub(crate) fn day(texts: Texts, seconds: u64) -> String {
    let Some(date) = moment(seconds) else { return String::new() };
    let language = texts.language();
    if language == Language::Gaelic && !browser_knows_gaelic() {
        let parts = parts(&date);
        return texts.say_with(
            Message::DateLong,
            &[("day", parts.day.into()), ("month", parts.month.into()), ("year", parts.year.into())],
        );
    }
    let options = DateTimeFormatOptions::new();
    options.set_time_zone(ZONE);
    options.set_day(DayFormat::Numeric);
    options.set_month(MonthFormat::Long);
    options.set_year(YearFormat::Numeric);
    let format = DateTimeFormat::new(&tags(language), &options);
    apply(&format.format(), &date.into())
}

/// A deadline: the day, and the time unless it is the day's last minute.
pub(crate) fn deadline(texts: Texts, seconds: u64) -> String {
    match moment(seconds).map(|date| parts(&date)) {
        Some(Parts { hour, minute, .. }) if !(hour == "23" && minute == "59") => day_and_time(texts, seconds),
        _ => day(texts, seconds),
    }
}

/// A day with the time on it. Empty for a time that no calendar has.
pub(crate) fn day_and_time(texts: Texts, seconds: u64) -> String {
    let Some(date) = moment(seconds) else { return String::new() };
    let Parts { hour, minute, .. } = parts(&date);
    let (day, time) = (day(texts, seconds), format!("{hour}:{minute}"));
    texts.say_with(Message::DateAtTime, &[("date", day.into()), ("time", time.into())])
}

/// The same time for machines (`datetime` of a `time` element).
pub(crate) fn machine_readable(seconds: u64) -> Option<String> {
    moment(seconds).map(|date| date.to_iso_string().into())
}

/// An amount in the smallest unit of a currency (ISO 4217), such as "£12.50".
pub(crate) fn amount(language: Language, minor_units: u64, currency: &str) -> String {
    // Intl throws for anything else.
    if !(currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase())) {
        return format!("{minor_units} {currency}");
    }
    let options = NumberFormatOptions::new();
    options.set_style(NumberFormatStyle::Currency);
    options.set_currency(currency);
    let format = NumberFormat::new(&tags(language), &options);
    let resolved = format.resolved_options();
    let digits = Reflect::get(&resolved, &"maximumFractionDigits".into()).ok().and_then(|it| it.as_f64());
    let value = minor_units as f64 / 10_f64.powf(digits.unwrap_or(2.0));
    apply(&format.format(), &value.into())
}

/// The size of a file, such as "1.4 MB": in thousands, as the letters of its unit say.
pub(crate) fn size(texts: Texts, bytes: u64) -> String {
    let (message, thousands, digits) = match bytes {
        0..1_000 => {
            let count = u32::try_from(bytes).unwrap_or(u32::MAX);
            return texts.say_with(Message::SizeBytes, &[("count", count.into())]);
        }
        // What would be 1,000 KB once rounded is 1 MB.
        1_000..999_500 => (Message::SizeKilobytes, bytes as f64 / 1e3, 0),
        _ => (Message::SizeMegabytes, bytes as f64 / 1e6, 1),
    };
    let options = NumberFormatOptions::new();
    options.set_maximum_fraction_digits(digits);
    let format = NumberFormat::new(&tags(texts.language()), &options);
    let number = apply(&format.format(), &thousands.into());
    texts.say_with(message, &[("size", number.into())])
}

/// The parts of a time in Scotland, as digits.
#[derive(Default)]
struct Parts {
    year: String,
    month: u32,
    day: String,
    hour: String,
    minute: String,
}

fn parts(date: &Date) -> Parts {
    let options = DateTimeFormatOptions::new();
    options.set_time_zone(ZONE);
    options.set_year(YearFormat::Numeric);
    options.set_month(MonthFormat::Numeric);
    options.set_day(DayFormat::Numeric);
    options.set_hour(NumericFormat::TwoDigit);
    options.set_minute(NumericFormat::TwoDigit);
    options.set_hour_cycle(HourCycle::H23);
    let mut parts = Parts::default();
    for part in DateTimeFormat::new(&tags(Language::English), &options).format_to_parts(date).iter() {
        let part: DateTimeFormatPart = part.unchecked_into();
        let value = String::from(part.value());
        match part.type_() {
            DateTimeFormatPartType::Year => parts.year = value,
            DateTimeFormatPartType::Month => parts.month = value.parse().unwrap_or_default(),
            DateTimeFormatPartType::Day => parts.day = value,
            DateTimeFormatPartType::Hour => parts.hour = value,
            DateTimeFormatPartType::Minute => parts.minute = value,
            _ => {}
        }
    }
    parts
}

fn moment(seconds: u64) -> Option<Date> {
    // Exact: the last second is far below 2^53 milliseconds.
    (seconds <= LAST_SECOND).then(|| Date::new(&JsValue::from_f64(seconds as f64 * 1000.0)))
}

fn tags(language: Language) -> Array {
    let tags: &[&str] = match language {
        Language::English => &["en-GB"],
        Language::Gaelic => &["gd", "en-GB"],
    };
    tags.iter().map(|tag| JsValue::from_str(tag)).collect()
}

/// Some browsers come without Gaelic: the catalogue then has its months.
fn browser_knows_gaelic() -> bool {
    DateTimeFormat::supported_locales_of(&Array::of1(&"gd".into()), &Object::new()).length() > 0
}

fn apply(format: &Function, value: &JsValue) -> String {
    format.call1(&JsValue::UNDEFINED, value).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
