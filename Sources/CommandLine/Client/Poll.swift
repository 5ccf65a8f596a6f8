/// Looks at what a server says until time is over, also past a server that is being restarted.
struct Poll {
    private let clock = ContinuousClock()
    private let deadline: ContinuousClock.Instant
    private var hasAnswered: Bool

    /// Where nobody has answered yet there may be no server at all, which is said at once.
    init(within limit: Duration, hasAnswered: Bool = false) {
        deadline = clock.now + limit
        self.hasAnswered = hasAnswered
    }

    /// Whether no time is left.
    var isOver: Bool { clock.now >= deadline }

    /// What a look finds; nil where the server does not answer now, and may later.
    ///
    /// - Throws: what the look throws, when it cannot pass or no time is left for that.
    mutating func look<Answer>(_ read: () async throws -> Answer) async throws -> Answer? {
        do {
            let answer = try await read()
            hasAnswered = true
            return answer
        } catch  where !isOver && mayPass(error) {
            // A server whose database is being restarted has answered.
            guard hasAnswered || error is CommandFailure else { throw error }
            return nil
        }
    }

    /// Waits before the next look.
    func pause(_ duration: Duration) async throws { try await clock.sleep(for: duration) }
}
