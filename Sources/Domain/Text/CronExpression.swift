/// When something happens, as the five fields of cron: minute, hour, day of the month, month, weekday.
///
/// A field is a list, by commas, of `*`, a number, or a range; `*` and a range may be followed by a step:
/// `*/15`, `8-18/2`. Months and weekdays may be named by three letters, and Sunday is 0 or 7. Where days of
/// both sorts are given, either of them is enough.
///
/// *Source*: crontab(5); what readers of it understand in different ways (`5/15`, `?`, `L`, `#`, ranges that
/// run backwards, `@daily`) is refused.
package struct CronExpression: Sendable, Hashable {
    /// Bit *n* stands for the value *n*.
    private let minutes: UInt64
    private let hours: UInt64
    private let days: UInt64
    private let months: UInt64
    private let weekdays: UInt64
    private let isEitherDay: Bool

    /// Reads five fields with spaces between them; nil for anything else, and for what can never happen.
    package init?(_ text: String) {
        let fields = text.split(separator: " ")
        guard text.utf8.count <= 200, fields.count == 5,
            let minutes = Self.set(fields[0], 0...59), let hours = Self.set(fields[1], 0...23),
            let days = Self.set(fields[2], 1...31), let months = Self.set(fields[3], 1...12, Self.monthNames),
            let weekdays = Self.set(fields[4], 0...7, Self.weekdayNames)
        else { return nil }
        self.minutes = minutes
        self.hours = hours
        self.days = days
        self.months = months
        // Sunday has two numbers.
        self.weekdays = weekdays & 0x7F | weekdays >> 7 & 1
        isEitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
        guard isEitherDay || hasDay else { return nil }
    }

    /// Whether a minute of the calendar is one of those.
    package func includes(_ time: ZoneClock.Time) -> Bool {
        guard Self.has(minutes, time.minute), Self.has(hours, time.hour), Self.has(months, time.month) else {
            return false
        }
        let (isDay, isWeekday) = (Self.has(days, time.day), Self.has(weekdays, time.weekday))
        return isEitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    /// Whether one of the months is long enough for one of the days.
    private var hasDay: Bool {
        let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...12).contains { month in
            Self.has(months, month) && (1...lengths[month - 1]).contains { Self.has(days, $0) }
        }
    }

    private static func has(_ set: UInt64, _ value: Int) -> Bool {
        (0..<64).contains(value) && set >> UInt64(value) & 1 == 1
    }

    private static let monthNames = [
        "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private static func set(
        _ field: Substring,
        _ range: ClosedRange<Int>,
        _ names: [String] = []
    ) -> UInt64? {
        var set: UInt64 = 0
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let span = span(halves[0], range, names) else { return nil }
            var step = 1
            if halves.count == 2 {
                // A step behind one number means different things to different readers.
                guard halves[0] == "*" || halves[0].contains("-"), let number = number(halves[1]),
                    (1...range.upperBound).contains(number)
                else { return nil }
                step = number
            }
            for value in stride(from: span.lowerBound, through: span.upperBound, by: step) {
                set |= 1 << UInt64(value)
            }
        }
        return set
    }

    private static func span(
        _ text: Substring,
        _ range: ClosedRange<Int>,
        _ names: [String]
    ) -> ClosedRange<Int>? {
        if text == "*" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { end in
            names.firstIndex { !$0.isEmpty && $0 == end.lowercased() } ?? number(end)
        }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
            range.contains(first), range.contains(last), first <= last
        else { return nil }
        return first...last
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...2).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
