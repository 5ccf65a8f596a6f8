import Domain
import Foundation
import Outbound
import Support

/// What a step of the agent's loop costs with a model that thinks in no time, for a short and a long run.
///
/// A step is one turn of the model with one `file_read`; its time is that between two lines of the task's
/// log. The floor reads such a file in this process.
func loopFigures(_ stack: Stack) async throws -> [Figure] {
    var figures: [Figure] = []
    let floor = try Samples(try readTimes(stack))
    for steps in Stack.steps {
        try await stack.complete([Declarations.walk(steps)])
        let times = try await stepTimes(stack, steps)
        // Flat is what the last steps of a long run are not slower than those of a short one.
        let last = steps > 50 ? Array(times.suffix(50)) : times
        figures.append(
            .latency(
                "loop step with one `file_read`, \(steps > 50 ? "the last 50 of" : "of") \(steps)",
                try Samples(last),
                floor: floor,
                p50: 0.5
            )
        )
    }
    return figures
}

/// The first step makes the sandbox and the last one ends the task; what lies between is the loop.
private func stepTimes(_ stack: Stack, _ steps: Int) async throws -> [Duration] {
    let task = "\(Declarations.walk(steps))-\(Declarations.stage)-1-1"
    let path = "\(namespacePath)/tasks/\(task)/log"
    var turns: [Timestamp] = []
    // Lines are sent beside the work, so the last ones may come a moment after the end.
    try await wait(for: "the log of \(task)", within: .seconds(20)) {
        let response = try await stack.http.send(stack.request(path, accept: "application/x-ndjson"))
        guard response.status == 200 else { throw BenchmarkError("\(path): \(response.status)") }
        let lines = try response.body.split(separator: UInt8(ascii: "\n")).map { try Value(json: $0) }
        turns = lines.filter { $0["source"]?.string == "model" }
            .compactMap { $0["time"]?.string.flatMap { Timestamp($0) } }
        return turns.count == steps + 1
    }
    return zip(turns, turns.dropFirst()).dropFirst().map { $1 - $0 }
}

private func readTimes(_ stack: Stack) throws -> [Duration] {
    try stack.folder.write(String(repeating: "A brief of some lines.\n", count: 20), to: "brief.md")
    return try (0..<200).map { _ in
        let start = ContinuousClock.now
        guard stack.folder.read("brief.md") != nil else { throw BenchmarkError("a file cannot be read") }
        return start.duration(to: .now)
    }
}
