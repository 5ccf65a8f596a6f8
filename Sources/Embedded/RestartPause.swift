/// How long a program that ended is left alone before it is started again.
struct RestartPause: Equatable, Sendable {
    var first: Duration = .milliseconds(500)
    var cap: Duration = .seconds(30)
    /// A program that ran for so long starts from the first pause again.
    var stableAfter: Duration = .seconds(60)
    private(set) var failures = 0

    /// Counts an end and answers the pause after it, which doubles each time.
    mutating func next(afterRunning duration: Duration) -> Duration {
        failures = duration >= stableAfter ? 1 : failures + 1
        return min(cap, first * (1 << min(failures - 1, 20)))
    }
}
