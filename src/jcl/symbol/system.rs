//! System symbols that zoxy itself knows.

use std::time::SystemTime;

use crate::jcl::SystemSymbols;
use crate::message::time::Utc;

const DAYS: [&str; 7] = ["THU", "FRI", "SAT", "SUN", "MON", "TUE", "WED"];

/// Days before each month of a year without a leap day.
const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

impl SystemSymbols {
    /// The symbols of a system at a moment: `SYSUID`, `SYSNAME`, `SYSCLONE` (the last two characters of
    /// `SYSNAME`), `SYSPLEX`, and date and time in UTC: `YYMMDD`, `HHMMSS`, `JDAY` (day of the year),
    /// `YR2`, `YR4`, `MON`, `DAY`, `WDAY`, `HR`, `MIN`, `SEC`. Names are cut to eight characters and
    /// made upper case.
    pub fn new(user: &str, system: &str, now: SystemTime) -> Self {
        let name = |text: &str| text.to_ascii_uppercase().chars().take(8).collect::<String>();
        let system = name(system.split('.').next().unwrap_or_default());
        let clone: String = system.chars().skip(system.chars().count().saturating_sub(2)).collect();
        let mut symbols = Self::default();
        let mut set = |name: &str, value: &str| {
            symbols.0.insert(name.to_owned(), value.to_owned());
        };
        set("SYSUID", &name(user));
        set("SYSNAME", &system);
        set("SYSPLEX", &system);
        set("SYSCLONE", &clone);

        // `2026-11-21T08:55:57Z`: fixed columns up to the year 9999.
        let text = format!("{:.0}", Utc(now));
        let at = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let (year, month, day) = (at(0, 4), at(5, 7), at(8, 10));
        let (hour, minute, second) = (at(11, 13), at(14, 16), at(17, 19));
        set("YR4", year);
        set("YR2", at(2, 4));
        set("MON", month);
        set("DAY", day);
        set("HR", hour);
        set("MIN", minute);
        set("SEC", second);
        set("YYMMDD", &[at(2, 4), month, day].concat());
        set("HHMMSS", &[hour, minute, second].concat());
        set("JDAY", &format!("{:03}", day_of_year(year, month, day)));
        let days =
            now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400;
        let weekday = usize::try_from(days % 7).unwrap_or_default();
        set("WDAY", DAYS[weekday]);
        symbols
    }
}

fn day_of_year(year: &str, month: &str, day: &str) -> u32 {
    let number = |text: &str| text.parse::<u32>().unwrap_or(1);
    let (year, month) = (number(year), number(month));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before = BEFORE.get(month.saturating_sub(1) as usize).copied().unwrap_or_default();
    before + number(day) + u32::from(is_leap && month > 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn date_and_time_are_those_of_the_moment() {
        // 2024-12-31T23:59:58Z, a Tuesday, day 366.
        let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_735_689_598);
        let symbols = SystemSymbols::new("batchuser1", "zlx01.example.com", moment);
        let get = |name: &str| symbols.0.get(name).map(String::as_str).unwrap_or_default();
        assert_eq!((get("YYMMDD"), get("HHMMSS"), get("JDAY")), ("241231", "235958", "366"));
        assert_eq!((get("YR4"), get("WDAY")), ("2024", "TUE"));
        assert_eq!((get("SYSUID"), get("SYSNAME"), get("SYSCLONE")), ("BATCHUSE", "ZLX01", "01"));
    }
}
