/// A moment of wall-clock time in microseconds since 1970-01-01T00:00:00Z, the resolution of Postgres.
package struct Timestamp: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Microseconds since the Unix epoch.
    package var microseconds: Int64

    /// A moment from microseconds since the Unix epoch.
    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// This moment moved by a duration.
    package static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(microseconds: moment.microseconds + duration.microseconds)
    }

    /// The duration from one moment to another.
    package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .microseconds(later.microseconds - earlier.microseconds)
    }

    /// RFC 3339 in UTC; a fraction is written with six digits, and only when it is not zero.
    package var description: String {
        let days = microseconds.flooredQuotient(86_400_000_000)
        let rest = microseconds - days * 86_400_000_000
        let (year, month, day) = civil(fromDays: days)
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        let time = "\(pad(seconds / 3600, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2))"
        let date = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
        return "\(date)T\(time)\(fraction == 0 ? "" : ".\(pad(fraction, 6))")Z"
    }

    /// Reads RFC 3339 with any offset, or Postgres' `YYYY-MM-DD HH:MM:SS[.ffffff]+00`; nil for anything else,
    /// such as a day that no month has, and for what is in UTC before the year 0 or after 9999.
    package init?(_ text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2),
            scanner.take("-"),
            let day = scanner.number(2), scanner.take("T") || scanner.take(" "), let hour = scanner.number(2),
            scanner.take(":"), let minute = scanner.number(2), scanner.take(":"),
            let second = scanner.number(2),
            (1...12).contains(month), (1...Self.daysInMonth(year, month)).contains(day), hour < 24,
            minute < 60,
            second < 61
        else { return nil }
        let fraction = scanner.take(".") ? scanner.fraction() : 0
        guard let fraction, let offset = scanner.offsetSeconds() else { return nil }
        let days = Self.days(year, month, day)
        let total = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        guard Self.secondsWritten.contains(total) else { return nil }
        self.init(microseconds: total * 1_000_000 + fraction)
    }

    /// From the year 0 to 9999, which four digits can write.
    private static let secondsWritten = days(0, 1, 1) * 86_400..<days(10_000, 1, 1) * 86_400

    private static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
        days(month == 12 ? year + 1 : year, month % 12 + 1, 1) - days(year, month, 1)
    }

    /// Encodes as RFC 3339 text.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Decodes RFC 3339 text.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' must be RFC 3339"
            )
        }
        self = moment
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (Hinnant's algorithm).
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The minute that it lies in.
    package var startOfMinute: Timestamp {
        Timestamp(microseconds: microseconds.flooredQuotient(60_000_000) * 60_000_000)
    }

    /// What a clock in UTC shows.
    var timeOfDay: ZoneClock.Time {
        let days = microseconds.flooredQuotient(86_400_000_000)
        let minutes = Int((microseconds - days * 86_400_000_000) / 60_000_000)
        let (_, month, day) = civil(fromDays: days)
        // The first of January 1970 was a Thursday.
        let weekday = (days + 4) - (days + 4).flooredQuotient(7) * 7
        return ZoneClock.Time(
            minute: minutes % 60,
            hour: minutes / 60,
            day: Int(day),
            month: Int(month),
            weekday: Int(weekday)
        )
    }

    private func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        let digits = rest.prefix(width)
        guard digits.count == width, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(width)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }

    mutating func fraction() -> Int64? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let six = Array(digits.prefix(6)) + Array(repeating: 48, count: max(0, 6 - digits.count))
        return six.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }

    mutating func offsetSeconds() -> Int64? {
        if take("Z") { return rest.isEmpty ? 0 : nil }
        let sign: Int64 = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = number(2), hours < 24 else { return nil }
        _ = take(":")
        let minutes = rest.isEmpty ? 0 : number(2)
        guard let minutes, minutes < 60, rest.isEmpty else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
