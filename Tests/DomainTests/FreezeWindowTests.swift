import Domain
import Testing

@Suite struct FreezeWindowTests {
    private let weekend = window("0 18 * * FRI", "62h")

    private static func window(_ start: String, _ duration: String) -> FreezeWindow {
        FreezeWindow(start: start, duration: duration, timeZone: "Europe/Berlin", reason: nil)
    }

    private func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    /// When the window is over, on clocks that are an hour ahead since the winter began, and two before.
    private func end(_ window: FreezeWindow, at now: String) throws -> String? {
        let clock = ZoneClock(
            now: try moment(now),
            settings: [
                .init(since: try moment("2026-03-29T01:00:00Z"), offset: .seconds(7200)),
                .init(since: try moment("2026-10-25T01:00:00Z"), offset: .seconds(3600)),
            ]
        )
        return window.end(at: clock)?.description
    }

    @Test(arguments: [
        ("2026-11-27T16:59:59Z", nil), ("2026-11-27T17:00:00Z", "2026-11-30T07:00:00Z"),
        ("2026-11-29T12:34:56.5Z", "2026-11-30T07:00:00Z"), ("2026-11-30T06:59:59Z", "2026-11-30T07:00:00Z"),
        ("2026-11-30T07:00:00Z", nil), ("2026-07-03T15:59:59Z", nil),
        ("2026-07-03T16:00:00Z", "2026-07-06T06:00:00Z"),
    ])
    func `a window lasts from its start, on its own clock, until it is over`(
        now: String,
        expected: String?
    ) throws {
        #expect(try end(weekend, at: now) == expected)
    }

    @Test func `a window is as long as it says also while clocks are set back`() throws {
        #expect(try end(weekend, at: "2026-10-24T00:00:00Z") == "2026-10-26T06:00:00Z")
    }

    @Test func `of two that overlap the later one counts`() throws {
        let hourly = Self.window("0 * * * *", "90m")
        #expect(try end(hourly, at: "2026-11-29T12:10:00Z") == "2026-11-29T13:30:00Z")
    }

    @Test func `the shortest window is one minute long`() throws {
        let minute = Self.window("30 12 * * *", "1m")
        #expect(try end(minute, at: "2026-11-29T11:30:59Z") == "2026-11-29T11:31:00Z")
        #expect(try end(minute, at: "2026-11-29T11:31:00Z") == nil)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0, 0, 1, 1, 4), ("1969-12-31T23:59:00Z", 59, 23, 31, 12, 3),
        ("2024-02-29T12:30:59Z", 30, 12, 29, 2, 4), ("2026-11-29T00:00:00Z", 0, 0, 29, 11, 0),
    ])
    func `a clock shows minute, hour, day, month and weekday`(
        text: String,
        minute: Int,
        hour: Int,
        day: Int,
        month: Int,
        weekday: Int
    ) throws {
        let clock = ZoneClock(now: try moment(text), settings: [])
        let shown = ZoneClock.Time(minute: minute, hour: hour, day: day, month: month, weekday: weekday)
        #expect(clock.time(at: clock.now) == shown)
    }
}
