/// How often and how late a failed call is tried again: exponential back-off with full jitter.
package struct RetryBudget: Sendable {
    /// Including the first one.
    package let maximumAttempts: Int
    /// The longest pause after the first attempt; doubles with each further one.
    package let base: Duration
    /// The longest pause of all; a peer that asks for more ends the retries.
    package let cap: Duration
    /// Attempts that failed so far.
    package private(set) var failures = 0

    package init(
        maximumAttempts: Int = 5,
        base: Duration = .milliseconds(250),
        cap: Duration = .seconds(30)
    ) {
        self.maximumAttempts = maximumAttempts
        self.base = base
        self.cap = cap
    }

    /// Counts a failure and tells how long to wait before the next attempt.
    ///
    /// - Parameters:
    ///   - random: from 0 up to 1; the pause lies in that part of the current step.
    ///   - retryAfter: what the peer asked for; the pause is never shorter.
    /// - Returns: nil when the budget is spent.
    package mutating func pause(random: Double, retryAfter: Duration? = nil) -> Duration? {
        failures += 1
        guard failures < maximumAttempts else { return nil }
        if let retryAfter, retryAfter > cap { return nil }
        let doublings = min(failures - 1, 30)
        let step = min(cap, base * (1 << doublings))
        return max(step * min(max(random, 0), 1), retryAfter ?? .zero)
    }
}

/// The pause that a `retry-after` header asks for: whole seconds, or an HTTP date after the given time.
///
/// *Source*: RFC 9110, section 10.2.3; only the preferred date format of section 5.6.7.
/// - Returns: nil for anything else; zero for a date that is past.
package func retryAfter(_ value: String, unixSeconds now: Int64) -> Duration? {
    let words = value.split { $0 == " " || $0 == ":" || $0 == "," }.map(String.init)
    if words.count == 1 {
        return Int64(words[0]).flatMap { (0...1_000_000_000).contains($0) ? .seconds($0) : nil }
    }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard words.count == 8, words[7] == "GMT", let day = Int64(words[1]),
        let month = months.firstIndex(of: words[2]), let year = Int64(words[3]), let hour = Int64(words[4]),
        let minute = Int64(words[5]), let second = Int64(words[6]), (1...31).contains(day),
        (1970...9999).contains(year), (0...23).contains(hour), (0...59).contains(minute),
        (0...60).contains(second)
    else { return nil }
    let days = daysSince1970(year: year, month: Int64(month) + 1, day: day)
    return .seconds(max(0, ((days * 24 + hour) * 60 + minute) * 60 + second - now))
}

// Years start in March here, so that the leap day is the last one; 719,468 days lie between 1 March 0 and
// 1970.
private func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
}
