import Foundation
import Support
import Threads

/// What an installation costs that has nothing to do, beside an idle Postgres and a program that only sleeps.
func idleFigures(_ stack: Stack, floor cluster: TemporaryCluster) async throws -> [Figure] {
    // What the last run left to do, such as checkpoints and the end of its sandbox, is not idleness.
    try await ContinuousClock().sleep(for: .seconds(5))
    let postmaster = try serverProcess(cluster)
    let window = Duration.seconds(20)
    let before = (
        ProcessTree(below: stack.up.pid).processorTime, ProcessTree(below: postmaster).processorTime
    )
    try await ContinuousClock().sleep(for: window)
    let after = (ProcessTree(below: stack.up.pid).processorTime, ProcessTree(below: postmaster).processorTime)
    let share = (after.0 - before.0) / window * 100
    let floorShare = (after.1 - before.1) / window * 100
    let memory = try Double(residentKiB(daemon(of: stack))) / 1024
    let floorMemory = try await idleMemory()
    return [
        Figure(
            name: "idle: processor time of everything, beside an idle Postgres",
            measured: "\(short(share)) % of a core",
            floor: "\(short(floorShare)) %",
            ratio: floorShare > 0 ? times(share / floorShare) : "—",
            goal: Goal("≤ 1 %", share <= 1).text
        ),
        Figure(
            name: "idle: memory of `agirunnerd` (VmRSS), beside a Swift program that sleeps",
            measured: "\(short(memory)) MiB",
            floor: "\(short(floorMemory)) MiB",
            ratio: times(memory / floorMemory),
            goal: Goal("≤ 60 MB", memory * 1.048_576 <= 60).text
        ),
    ]
}

/// What `agirunnerd` keeps of each workflow that was created and has completed; a floor keeps nothing.
///
/// They are created through the control door: what git declares is read from git, and is a figure of its own.
func growthFigure(_ stack: Stack) async throws -> Figure {
    let count = 1000
    let daemon = try daemon(of: stack)
    // Caches that the first many fill are not what one workflow costs.
    try await stack.create((1...200).map { "warm-\($0)" })
    try await ContinuousClock().sleep(for: timeToShrink)
    let before = residentKiB(daemon)
    for start in stride(from: 0, to: count, by: 200) {
        try await stack.create((start..<(start + 200)).map { "grow-\($0)" })
    }
    try await ContinuousClock().sleep(for: timeToShrink)
    let growth = Double(residentKiB(daemon) - before) / Double(count)
    return Figure(
        name: "memory of `agirunnerd` for each further of \(count) workflows (VmRSS)",
        measured: "\(short(growth)) KiB",
        floor: "0",
        ratio: "—"
    )
}

/// Free memory is given back every 30 seconds.
private let timeToShrink = Duration.seconds(35)

func daemon(of stack: Stack) throws -> Int32 {
    guard let process = ProcessTree(below: stack.up.pid).named("agirunnerd").first else {
        throw BenchmarkError("agirunnerd does not run")
    }
    return process
}

private func serverProcess(_ cluster: TemporaryCluster) throws -> Int32 {
    let bytes = FileManager.default.contents(atPath: "\(cluster.folder)/data/postmaster.pid") ?? Data()
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
    guard let process = line.flatMap({ Int32($0) }) else { throw BenchmarkError("the server has no number") }
    return process
}

/// Resident memory, in MiB, of this program when it does nothing.
private func idleMemory() async throws -> Double {
    let idle = try DetachedProcess(
        Command(executable: "\(programFolder)/benchmarks", arguments: [idleArgument])
    ).start()
    try await ContinuousClock().sleep(for: .seconds(1))
    let memory = residentKiB(idle.pid)
    _ = try idle.signal(.kill)
    _ = try await DetachedProcess.waitForExit(idle, until: .after(.seconds(10)))
    guard memory > 0 else { throw BenchmarkError("the sleeping program has ended") }
    return Double(memory) / 1024
}
