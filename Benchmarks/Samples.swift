/// Durations of the same work, repeated.
struct Samples: Sendable {
    /// Shortest first; never empty.
    private let sorted: [Duration]

    /// - Throws: `BenchmarkError` when there is nothing to tell of.
    init(_ durations: [Duration]) throws {
        guard !durations.isEmpty else { throw BenchmarkError("there are no samples") }
        sorted = durations.sorted()
    }

    /// The duration that this many of a hundred do not exceed.
    func percentile(_ percent: Int) -> Duration {
        let rank = (sorted.count * percent + 99) / 100
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    var p50: Duration { percentile(50) }
    var p99: Duration { percentile(99) }

    /// `p50 / p99`, for people.
    var text: String { "\(p50.inMilliseconds) / \(p99.inMilliseconds)" }
}

/// How long something takes.
func timed(_ body: () async throws -> Void) async rethrows -> Duration {
    let start = ContinuousClock.now
    try await body()
    return start.duration(to: .now)
}

extension Duration {
    var milliseconds: Double { self / .milliseconds(1) }
    var inMilliseconds: String { "\(short(milliseconds)) ms" }
}

/// A number with as many digits as it deserves.
func short(_ number: Double) -> String {
    let scale: Double =
        switch number.magnitude {
        case ..<1: 1000
        case ..<10: 100
        case ..<100: 10
        default: 1
        }
    let rounded = (number * scale).rounded() / scale
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
}

/// What kept a figure from being measured.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
