import Outbound
import Testing

@Suite struct RetryBudgetTests {
    @Test func `pauses double up to the cap and end with the attempts`() {
        var budget = RetryBudget(maximumAttempts: 6, base: .seconds(1), cap: .seconds(5))
        let pauses = (0..<7).map { _ in budget.pause(random: 1) }
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5), nil, nil])
        #expect(budget.failures == 7)
    }

    @Test func `jitter is the whole step`() {
        for random in [0, 0.25, 0.5, 1] {
            var budget = RetryBudget(base: .seconds(2))
            #expect(budget.pause(random: random) == .seconds(2) * random)
        }
        var budget = RetryBudget(base: .seconds(2))
        let outside = [budget.pause(random: -1), budget.pause(random: 9)]
        #expect(outside == [.zero, .seconds(4)])
    }

    @Test func `the peer's wish is honoured up to the cap`() {
        var budget = RetryBudget(base: .seconds(1), cap: .seconds(30))
        let pauses = [7, 0, 31].map { budget.pause(random: 0.5, retryAfter: .seconds($0)) }
        #expect(pauses == [.seconds(7), .seconds(1), nil])
    }

    @Test func `a thousand attempts do not overflow`() {
        var budget = RetryBudget(maximumAttempts: 1000, base: .seconds(3600), cap: .seconds(86_400))
        for _ in 0..<999 { #expect((budget.pause(random: 1) ?? .zero) > .zero) }
    }

    @Test(arguments: [
        ("0", 0), ("120", 120), ("Fri, 31 Dec 1999 23:59:59 GMT", 59), ("Sat, 01 Jan 2000 00:00:00 GMT", 60),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 60 + 59 * 86_400), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ])
    func `retry-after is read`(value: String, seconds: Int) {
        // One minute before the year 2000.
        #expect(retryAfter(value, unixSeconds: 946_684_740) == .seconds(seconds))
    }

    @Test(arguments: ["", "soon", "-1", "1.5", "99999999999", "Fri, 31 Foo 1999 23:59:59 GMT", "31 Dec 1999"])
    func `what is no retry-after is ignored`(value: String) {
        #expect(retryAfter(value, unixSeconds: 0) == nil)
    }
}
