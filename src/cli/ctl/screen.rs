//! What WATCH draws: a display as text, and for D FTP the transfers with a bar each.
//!
//! Pure: [`super::watch`] asks zoxy, and puts what comes out of here on the terminal.

use serde_json::Value;

/// Columns of a bar.
const BAR: usize = 30;

/// The transfers of D FTP, from its JSON, a line with a bar each; None if it is not that.
///
/// Where the server has said how long the file is, the bar is the part that has come; where it has
/// not, a mark moves with the bytes.
pub(super) fn transfers(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let rows = value["rows"].as_array().filter(|_| value["display"] == "FTP")?;
    let mut out = format!("FTP transfers at {}\n\n", value["time"].as_str()?);
    let mut count = 0;
    for row in rows {
        let transfer = &row["transfer"];
        let (Some(bytes), Some(command)) =
            (transfer["bytes"].as_u64(), transfer["command"].as_str())
        else {
            continue;
        };
        count += 1;
        let size = transfer["size"].as_u64();
        let rate = transfer["bytes_per_second"].as_u64();
        let name = transfer["name"].as_str().unwrap_or("-");
        let user = row["user"].as_str().unwrap_or("-");
        let way = if transfer["direction"] == "up" { "up" } else { "down" };
        let part = part(bytes, size);
        let id = format!("#{}", row["id"]);
        out.push_str(&clip(&format!("{id:>8} {command:<4} {way:<4} {user}  {name}")));
        let (percent, left) = match (part, size, rate) {
            (Some(part), Some(size), rate) => {
                let left =
                    rate.filter(|rate| *rate > 0).map(|rate| (size - bytes.min(size)) / rate);
                (format!("{:>3}%", (part * 100.0) as u64), left)
            }
            _ => ("   -".to_owned(), None),
        };
        let left = left.map_or_else(String::new, |s| format!("  {:02}:{:02} left", s / 60, s % 60));
        let line = format!(
            "{:9}[{}] {percent} {:>9} {:>9}/s{left}",
            "",
            bar(bytes, part),
            scaled(bytes),
            rate.map_or_else(|| "-".to_owned(), scaled),
        );
        out.push_str(&clip(&line));
    }
    let dialogues = &value["totals"]["dialogues"];
    out.push_str(&format!("\n{count} transfer(s), {dialogues} dialogue(s)\n"));
    Some(out)
}

/// How much of a file has come, 0 to 1.
fn part(bytes: u64, size: Option<u64>) -> Option<f64> {
    let size = size.filter(|size| *size > 0)?;
    Some((bytes as f64 / size as f64).min(1.0))
}

fn bar(bytes: u64, part: Option<f64>) -> String {
    match part {
        Some(part) => {
            let full = (part * BAR as f64) as usize;
            format!("{}{}", "#".repeat(full), ".".repeat(BAR - full))
        }
        None => {
            // A step for each further eighth of a megabyte.
            let at = (bytes / (128 * 1024)) as usize % BAR;
            format!("{}#{}", ".".repeat(at), ".".repeat(BAR - at - 1))
        }
    }
}

/// A number of bytes in a few letters.
fn scaled(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["", "K", "M", "G", "T"] {
        if value < 10_000.0 {
            return if unit.is_empty() { format!("{value}") } else { format!("{value:.1}{unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.0}P")
}

/// A line of at most 80 columns, with its end.
fn clip(line: &str) -> String {
    let clipped: String =
        line.chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect();
    clipped.trim_end().to_owned() + "\n"
}

/// As much of `text` as a screen of `rows` holds, one line left for the foot.
pub(super) fn fit(text: &str, rows: usize) -> String {
    let room = rows.saturating_sub(1).max(1);
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= room {
        return lines.iter().map(|line| format!("{line}\n")).collect();
    }
    let shown = &lines[..room - 1];
    let mut out: String = shown.iter().map(|line| format!("{line}\n")).collect();
    out.push_str(&format!("... {} more line(s)\n", lines.len() - shown.len()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_have_bars() {
        let row = |id: u64, size: &str, bytes: u64| {
            format!(
                r#"{{"id":{id},"user":"PAUL","transfer":{{"command":"RETR","name":"A.B",
                "direction":"down","bytes":{bytes},"size":{size},"bytes_per_second":1000}}}}"#
            )
        };
        let rows = [row(17, "2000000", 500_000), row(18, "null", 262_144), row(19, "10", 90)];
        let idle = r#"{"id":20,"user":null,"transfer":null}"#;
        let text = format!(
            r#"{{"display":"FTP","time":"T","totals":{{"dialogues":4}},"rows":[{},{idle}]}}"#,
            rows.join(",")
        );
        assert_eq!(
            transfers(&text).unwrap(),
            "\
FTP transfers at T

     #17 RETR down PAUL  A.B
         [#######.......................]  25%    488.3K      1000/s  25:00 left
     #18 RETR down PAUL  A.B
         [..#...........................]    -    256.0K      1000/s
     #19 RETR down PAUL  A.B
         [##############################] 100%        90      1000/s  00:00 left

3 transfer(s), 4 dialogue(s)
"
        );
        assert_eq!(transfers(r#"{"display":"CONNS","time":"T","rows":[]}"#), None);
        assert_eq!(transfers("ZOX0520E no zoxy"), None);
    }

    #[test]
    fn a_screen_is_never_overrun() {
        assert_eq!(fit("a\nb\n", 24), "a\nb\n");
        assert_eq!(fit("a\nb\nc\nd\n", 4), "a\nb\n... 2 more line(s)\n");
        assert_eq!(fit("a\nb\n", 0).lines().count(), 1);
        let long = clip(&"x".repeat(300));
        assert_eq!(long.len(), 81);
    }
}
