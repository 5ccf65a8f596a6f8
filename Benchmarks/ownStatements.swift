import Foundation
import Store
import Support
import Threads

/// What claims and completions cost at the Store, beside the same statements on their own.
///
/// Stores with one connection and one schema each work through their tasks, one of them with bell and
/// horizon, as a control plane would with as many connections. Then the databases are put back as they were,
/// the work is done again through a recorder, the databases are put back once more, and pgbench
/// replays what was recorded, one process for each connection.
func ownStatementsFigure(_ cluster: TemporaryCluster, connections: Int) async throws -> Figure {
    let database = Database(cluster)
    let folder = try await TemporaryFolder()
    let schemas = (0..<connections).map { "own\($0)" }
    for schema in schemas {
        try await withStore(settings: cluster.settings(schema: schema, connections: 1)) { store in
            try await StoreLoad(store).prepare("run", runs: 100, tasksPerRun: 5)
        }
    }
    let before = try await database.dump(schemas)
    try await database.restore(before, schemas)
    let ours = try await work(schemas.map { cluster.settings(schema: $0, connections: 1) })
    try await database.restore(before, schemas)
    let scripts = try await record(cluster, schemas, folder)
    try await database.restore(before, schemas)
    let longest = try await withThrowingTaskGroup(of: Duration.self) { group in
        for script in scripts { group.addTask { try await database.replay(script) } }
        return try await group.reduce(.zero, max)
    }
    let floor = Double(ours.count) / (longest / .seconds(1))
    return Figure(
        name: "claim and complete at the Store, \(connections) connections, beside its SQL in pgbench",
        measured: "\(short(ours.rate)) tasks/s",
        floor: "\(short(floor)) tasks/s",
        ratio: times(floor / ours.rate),
        goal: Goal("≥ 90 % of pgbench", ours.rate >= 0.9 * floor).text
    )
}

/// Works through what there is, one worker to a store; the rate is that of the slowest.
private func work(_ stores: [StoreSettings]) async throws -> (count: Int, rate: Double) {
    try await withThrowingTaskGroup(of: (Int, Duration).self) { group in
        for settings in stores.dropFirst() {
            group.addTask {
                let store = Store(settings: settings)
                defer { store.close() }
                return try await timedWork(store)
            }
        }
        if let first = stores.first {
            group.addTask { try await withStore(settings: first) { try await timedWork($0) } }
        }
        let all = try await group.reduce(into: [(Int, Duration)]()) { $0.append($1) }
        let count = all.reduce(0) { $0 + $1.0 }
        let longest = all.reduce(Duration.zero) { max($0, $1.1) }
        return (count, Double(count) / (longest / .seconds(1)))
    }
}

private func timedWork(_ store: Store) async throws -> (Int, Duration) {
    let start = ContinuousClock.now
    let count = try await StoreLoad(store).work(workers: 1)
    return (count, start.duration(to: .now))
}

/// The statements of the connections that claim, as scripts of pgbench.
private func record(
    _ cluster: TemporaryCluster,
    _ schemas: [String],
    _ folder: TemporaryFolder
) async throws -> [String] {
    let recorder = "\(repositoryRoot)/Tests/Servers/statement_recorder.py"
    let process = try DetachedProcess(
        Command(
            executable: "/usr/bin/python3",
            arguments: [recorder, "\(cluster.folder)/.s.PGSQL.5432", folder.path],
            environment: ["PATH": "/usr/bin:/bin"]
        )
    ).start()
    // One that has ended already is what is wanted.
    defer { _ = try? process.killGroup() }
    try await wait(for: "the recorder", within: .seconds(10)) {
        FileManager.default.fileExists(atPath: "\(folder.path)/.s.PGSQL.5432")
    }
    _ = try await work(
        schemas.map { schema in
            var settings = cluster.settings(schema: schema, connections: 1)
            settings.host = folder.path
            return settings
        }
    )
    var scripts: [String] = []
    try await wait(for: "the recorded statements", within: .seconds(10)) {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        scripts = files.filter { $0.hasSuffix(".sql") }.compactMap { folder.read($0) }
            .filter { $0.contains("SKIP LOCKED") }
        return scripts.count == schemas.count
    }
    return scripts
}

/// Where the sources of this package lie.
private let repositoryRoot = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    .joined(separator: "/")

extension Database {
    /// The schemas with all that is in them, as a script of psql.
    fileprivate func dump(_ schemas: [String]) async throws -> String {
        try await output(of: "/usr/bin/pg_dump", place + schemas.flatMap { ["-n", $0] } + [name])
    }

    /// Puts schemas back as they were.
    fileprivate func restore(_ dump: String, _ schemas: [String]) async throws {
        try await run("DROP SCHEMA IF EXISTS \(schemas.joined(separator: ", ")) CASCADE;")
        try await run(dump)
        try await run("VACUUM ANALYZE;\nCHECKPOINT;")
    }

    /// Runs a script once and answers how long its statements took.
    fileprivate func replay(_ script: String) async throws -> Duration {
        let options = ["-n", "-c", "1", "-t", "1", "-f", "/dev/stdin"]
        let text = try await output(of: "/usr/bin/env", ["pgbench"] + place + options + [name], input: script)
        // `latency average = 1234.567 ms`
        let line = text.split(separator: "\n").first { $0.hasPrefix("latency average = ") }
        guard let word = line?.split(separator: " ").dropFirst(3).first, let time = Double(word) else {
            throw BenchmarkError("pgbench told no time: \(text)")
        }
        guard !text.contains("number of failed transactions: 1") else { throw BenchmarkError(text) }
        return .microseconds(Int64(time * 1000))
    }
}
