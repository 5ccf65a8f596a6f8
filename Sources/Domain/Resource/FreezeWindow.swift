/// A time that comes again and again, in which no commit of a source is applied.
package struct FreezeWindow: Sendable, Hashable, Codable {
    /// The longest that one lasts.
    package static let longest = Duration.seconds(31 * 86_400)

    /// When it begins, as in cron.
    package var start: String
    package var duration: String
    /// Whose clock `start` is read from.
    package var timeZone: String
    /// What people are told.
    package var reason: String?

    /// A window of its parts.
    package init(start: String, duration: String, timeZone: String, reason: String?) {
        self.start = start
        self.duration = duration
        self.timeZone = timeZone
        self.reason = reason
    }

    /// When the window is over in which the clock's moment lies; nil when it lies in none.
    ///
    /// The clock must go back as far as the window is long. Of two that overlap the later one counts.
    package func end(at clock: ZoneClock) -> Timestamp? {
        guard let expression = CronExpression(start), let duration = Duration(text: duration) else {
            return nil
        }
        var moment = clock.now.startOfMinute
        while clock.now - moment < duration {
            if expression.includes(clock.time(at: moment)) { return moment + duration }
            moment = moment + .seconds(-60)
        }
        return nil
    }
}
