import Foundation

/// One line of the table: what was measured beside what the same work costs with nothing of ours.
struct Figure: Sendable {
    var name: String
    var measured: String
    var floor: String
    var ratio: String
    var goal = "—"

    /// A latency with its floor; the goals are bounds in milliseconds.
    static func latency(
        _ name: String,
        _ samples: Samples,
        floor: Samples,
        p50 goal50: Double? = nil,
        p99 goal99: Double? = nil
    ) -> Figure {
        var goals: [Goal] = []
        if let goal50 {
            goals.append(Goal("p50 ≤ \(short(goal50)) ms", samples.p50.milliseconds <= goal50))
        }
        if let goal99 {
            goals.append(Goal("p99 ≤ \(short(goal99)) ms", samples.p99.milliseconds <= goal99))
        }
        return Figure(
            name: name,
            measured: samples.text,
            floor: floor.text,
            ratio: times(samples.p50 / floor.p50),
            goal: goals.isEmpty ? "—" : goals.map(\.text).joined(separator: ", ")
        )
    }
}

/// A bound that a figure should keep, and whether it does.
struct Goal: Sendable {
    let text: String

    init(_ bound: String, _ isMet: Bool) { text = "\(bound): \(isMet ? "met" : "missed")" }
}

/// `3.2 ×`.
func times(_ ratio: Double) -> String { "\(short(ratio)) ×" }

/// The figures so far, and what could not be measured.
struct Report {
    /// The subjects that are measured; empty for all.
    private let wanted: Set<String>
    private var figures: [Figure] = []
    private(set) var isComplete = true

    init(wanted: Set<String>) { self.wanted = wanted }

    /// Whether any of some subjects is measured.
    func wants(_ subjects: Set<String>) -> Bool { wanted.isEmpty || !wanted.isDisjoint(with: subjects) }

    /// Adds the figures of a subject; a subject that fails is named on standard error and left out.
    ///
    /// One that has to be asked for is not part of everything.
    mutating func measure(
        _ subject: String,
        isAsked: Bool = false,
        _ body: () async throws -> [Figure]
    ) async {
        guard isAsked ? wanted.contains(subject) : wants([subject]) else { return }
        complain("measuring: \(subject)")
        do { figures += try await body() } catch { miss(subject, error) }
    }

    /// Names what could not be measured.
    mutating func miss(_ subject: String, _ error: any Error) {
        isComplete = false
        complain("left out: \(subject): \(error)")
    }

    /// A Markdown table whose columns line up.
    var table: String {
        let header = ["figure", "measured p50 / p99", "floor", "ratio", "goal"]
        let rows = figures.map { [$0.name, $0.measured, $0.floor, $0.ratio, $0.goal] }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| \(padded.joined(separator: " | ")) |"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
        return ([line(header), rule] + rows.map(line)).joined(separator: "\n")
    }
}

/// Tells whoever runs this how far it is, beside the table and not in it.
func complain(_ line: String) { FileHandle.standardError.write(Data("benchmarks: \(line)\n".utf8)) }
