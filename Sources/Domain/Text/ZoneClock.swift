/// The clocks of a time zone, from some time ago until now.
package struct ZoneClock: Sendable, Hashable {
    /// How far the clocks are ahead of UTC, and since when.
    package struct Setting: Sendable, Hashable {
        package let since: Timestamp
        package let offset: Duration

        /// A setting of its parts.
        package init(since: Timestamp, offset: Duration) {
            self.since = since
            self.offset = offset
        }
    }

    /// What the clocks show at some moment.
    package struct Time: Sendable, Hashable {
        package let minute: Int
        package let hour: Int
        package let day: Int
        package let month: Int
        /// Counted from Sunday, 0.
        package let weekday: Int

        /// A time of its parts.
        package init(minute: Int, hour: Int, day: Int, month: Int, weekday: Int) {
            self.minute = minute
            self.hour = hour
            self.day = day
            self.month = month
            self.weekday = weekday
        }
    }

    package let now: Timestamp
    /// In their order; the first one also counts for what was before.
    package let settings: [Setting]

    /// Clocks that were set so.
    package init(now: Timestamp, settings: [Setting]) {
        self.now = now
        self.settings = settings
    }

    /// What the clocks showed at a moment.
    package func time(at moment: Timestamp) -> Time {
        let setting = settings.last { $0.since <= moment } ?? settings.first
        return (moment + (setting?.offset ?? .zero)).timeOfDay
    }
}
