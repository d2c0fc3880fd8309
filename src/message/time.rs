//! Points in time as operators read them: ISO 8601 in UTC.
//!
//! UTC, since jobs, SSH servers and z/OS syslogs of one installation often run under different
//! local times, and a log that jumps at a daylight saving change cannot be searched by time.

use std::fmt::{self, Display};
use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// Shows a point in time as `2026-11-21T08:55:57.123Z`; with `{:.0}` without the fraction.
#[derive(Debug, Clone, Copy)]
pub struct Utc(pub SystemTime);

impl Utc {
    /// The present moment.
    pub fn now() -> Self {
        Self(SystemTime::now())
    }
}

impl Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A clock set before 1970 is shown as 1970: nothing better can be said about it.
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (year, month, day) = date(since.as_secs() / SECONDS_PER_DAY);
        let second = since.as_secs() % SECONDS_PER_DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if f.precision() != Some(0) {
            write!(f, ".{:03}", since.subsec_millis())?;
        }
        f.write_str("Z")
    }
}

/// Year, month and day of a day counted from 1970-01-01 in the Gregorian calendar.
///
/// Counts in years that begin in March, so that the leap day is a year's last, and in eras of 400
/// years, which all have the same number of days.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970_FROM_MARCH_OF_YEAR_0: u64 = 719_468;
    const DAYS_PER_ERA: u64 = 146_097;

    let days = days + DAYS_TO_1970_FROM_MARCH_OF_YEAR_0;
    let era = days / DAYS_PER_ERA;
    let day_of_era = days % DAYS_PER_ERA;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // March to July and August to December have the same lengths: 153 days per five months.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shown(seconds: u64, millis: u64) -> String {
        let time = UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_millis(millis);
        Utc(time).to_string()
    }

    #[test]
    fn known_points_in_time() {
        assert_eq!(shown(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(951_782_399, 999), "2000-02-28T23:59:59.999Z");
        assert_eq!(shown(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(shown(1_795_251_357, 123), "2026-11-21T08:55:57.123Z");
        assert_eq!(shown(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut previous = date(0);
        for day in 1..200_000 {
            let (year, month, day_of_month) = date(day);
            let next = match previous {
                (y, m, d) if (year, month) == (y, m) => (y, m, d + 1),
                (y, 12, 31) => (y + 1, 1, 1),
                (y, m, _) => (y, m + 1, 1),
            };
            assert_eq!((year, month, day_of_month), next);
            previous = next;
        }
    }

    #[test]
    fn fraction_can_be_left_out() {
        assert_eq!(format!("{:.0}", Utc(UNIX_EPOCH)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn clock_before_1970_does_not_fail() {
        let time = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Utc(time).to_string(), "1970-01-01T00:00:00.000Z");
    }
}
