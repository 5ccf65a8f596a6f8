import Domain
import Support
import Testing

@Suite struct CronExpressionTests {
    private func isDue(_ text: String, _ hour: Int, _ minute: Int, day: Int, month: Int, weekday: Int) -> Bool
    {
        CronExpression(text)?.includes(
            ZoneClock.Time(minute: minute, hour: hour, day: day, month: month, weekday: weekday)
        )
            ?? false
    }

    @Test(arguments: [
        "* * * * *", "0 0 1 1 0", "59 23 31 12 7", "*/5 * * * *", "0,30 8-18 * * MON-FRI", "0 6 1-15/2 * *",
        "5  4  *  *  sun", "0 0 29 2 *", "0 0 31 2 MON", "0 0 1 jan,Jul *", "*/59 */23 */31 */12 */7",
        "00 09 * * 1",
    ])
    func `what cron understands is read`(text: String) { #expect(CronExpression(text) != nil) }

    @Test(arguments: [
        "", " ", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *",
        "* * * 13 *", "* * * * 8", "-1 * * * *", "5-1 * * * *", "1-2-3 * * * *", "*/0 * * * *",
        "*/60 * * * *",
        "5/15 * * * *", "*/* * * * *", "1, * * * *", ",1 * * * *", "1,,2 * * * *", "1- * * * *", "-5 * * * *",
        "*-5 * * * *", "+5 * * * *", "5 * * * mondays", "5 * * mon *", "5 jan * * *", "? * * * *",
        "* * L * *", "* * * * 5#2", "* * 15W * *", "@daily", "1.5 * * * *", "٥ * * * *", "*/ * * * *",
        "*/1/1 * * * *", "*\t* * * *", "100 * * * *", "999999999999999999999 * * * *", "0 0 30 2 *",
        "0 0 31 4,6,9,11 *", "FRI-MON * * * *", "* * * * FRI-MON", "* * * - *",
    ])
    func `what is wrong, or read in different ways, or never, is refused`(text: String) {
        #expect(CronExpression(text) == nil)
    }

    @Test func `fields are met one by one`() {
        #expect(isDue("*/15 8-18/2 * * *", 10, 45, day: 3, month: 2, weekday: 4))
        #expect(!isDue("*/15 8-18/2 * * *", 9, 45, day: 3, month: 2, weekday: 4))
        #expect(!isDue("*/15 8-18/2 * * *", 10, 46, day: 3, month: 2, weekday: 4))
        #expect(isDue("0 0 * jan,DEC *", 0, 0, day: 9, month: 12, weekday: 1))
        #expect(!isDue("0 0 * jan,DEC *", 0, 0, day: 9, month: 11, weekday: 1))
    }

    @Test func `Sunday has two numbers, and either sort of day is enough where both are given`() {
        for text in ["0 0 * * 0", "0 0 * * 7", "0 0 * * 5-7", "0 0 * * sun"] {
            #expect(isDue(text, 0, 0, day: 9, month: 3, weekday: 0), "\(text)")
            #expect(!isDue(text, 0, 0, day: 9, month: 3, weekday: 1), "\(text)")
        }
        #expect(isDue("0 0 13 * FRI", 0, 0, day: 13, month: 3, weekday: 1))
        #expect(isDue("0 0 13 * FRI", 0, 0, day: 9, month: 3, weekday: 5))
        #expect(!isDue("0 0 13 * FRI", 0, 0, day: 9, month: 3, weekday: 1))
        // A star with a step is a star, as crontab(5) has it.
        #expect(!isDue("0 0 */2 * FRI", 0, 0, day: 3, month: 3, weekday: 1))
        #expect(isDue("0 0 */2 * FRI", 0, 0, day: 3, month: 3, weekday: 5))
    }

    @Test func `nothing that is written makes it trap, and numbers of no calendar are never due`() {
        var random = SeededGenerator.random()
        let letters = Array("0123456789*/,- monMONjan?L#\u{301}٥x")
        var read = 0
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &random)
            let text = String((0..<length).map { _ in letters.randomElement(using: &random) ?? "*" })
            if isNeverDueOutsideOfCalendars(text) != nil { read += 1 }
        }
        #expect(read < 20_000, "seed \(random.seed)")
        var valid = 0
        let fields = ["*", "1", "5-9", "*/2", "1,3", "60", "x", "0"]
        for _ in 0..<2000 {
            let text = (0..<5).map { _ in fields.randomElement(using: &random) ?? "*" }.joined(separator: " ")
            guard let isNeverDue = isNeverDueOutsideOfCalendars(text) else { continue }
            valid += 1
            #expect(isNeverDue, "seed \(random.seed): \(text)")
        }
        #expect(valid > 0 && valid < 2000, "seed \(random.seed)")
    }

    /// Whether an expression has no number that no calendar has; nil for what is none.
    private func isNeverDueOutsideOfCalendars(_ text: String) -> Bool? {
        guard let expression = CronExpression(text) else { return nil }
        return [Int.min, -1, 64, 200, Int.max].allSatisfy { number in
            !expression.includes(
                ZoneClock.Time(minute: number, hour: number, day: number, month: number, weekday: number)
            )
        }
    }
}
