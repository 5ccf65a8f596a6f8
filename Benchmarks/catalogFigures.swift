import Domain
import Foundation
import Outbound
import Support

/// What a catalog of many objects costs: its first load, a look that finds nothing new, a commit that touches
/// one file, a plan, and the memory that `agirunnerd` keeps for it.
///
/// Goals are those of ten thousand objects. The floors are what git, libyaml and Postgres need for the same
/// bytes and rows.
func catalogFigures(_ count: Int) async throws -> [Figure] {
    let stack = try await Stack.empty()
    let figures: [Figure]
    do { figures = try await Catalog(stack, count).figures() } catch {
        try await stack.stop()
        throw error
    }
    try await stack.stop()
    return figures
}

/// One installation with one catalog.
private struct Catalog {
    let stack: Stack
    let declarations: CatalogDeclarations
    let watch: WorkflowWatch
    let floor: CatalogFloor

    private var count: Int { declarations.count }
    private var title: String { "\(count) objects: " }
    private var isGoal: Bool { count == 10_000 }

    init(_ stack: Stack, _ count: Int) async throws {
        self.stack = stack
        declarations = CatalogDeclarations(count: count)
        watch = try await WorkflowWatch(stack, path: "\(sourcePath)s") { object in
            let status = object["status"]
            let commit = status?["appliedCommit"]?.string ?? ""
            return "\(commit) \(status?["lastHandledReconcileAt"]?.string ?? "")"
        }
        floor = try await CatalogFloor(stack)
        // What is applied now must be known, or it would be taken for the answer to the next commit.
        try await watch.until("main", within: .seconds(30)) { !$0.hasPrefix(" ") }
    }

    func figures() async throws -> [Figure] {
        var figures = [try await firstLoad()]
        figures.append(try await idleLooks())
        figures.append(try await commits())
        figures.append(try await forcedLooks())
        figures.append(try await plans())
        figures.append(try await memory())
        return figures
    }

    /// The commit is made, and packed as a clone would have it, before the branch is moved to it.
    private func firstLoad() async throws -> Figure {
        for (path, text) in declarations.files {
            try stack.folder.write(text, to: "state/repositories/config/\(path)")
        }
        try await stack.git("config", "gc.auto", "0")
        try await stack.git("checkout", "-q", "-b", "next")
        try await stack.git("add", "-A")
        try await stack.git("commit", "-q", "-m", "Declare \(count) objects")
        try await stack.git("gc", "-q")
        let time = try await timed {
            try await applied { try await stack.git("update-ref", "refs/heads/main", "next") }
        }
        try await stack.git("checkout", "-q", "main")
        try await floor.measureRows()
        let least = try await floor.fetchAll() + floor.parseAll() + floor.copyAll()
        return Figure(
            name: "\(title)first load, beside `git fetch`, libyaml and one COPY",
            measured: short(time),
            floor: short(least),
            ratio: times(time / least),
            goal: goal("≤ 4 s", time <= .seconds(4))
        )
    }

    /// A branch that nothing is read from moves beside the one that is: the source is looked at.
    private func idleLooks() async throws -> Figure {
        let looks = try await (0..<30).asyncMap { number in
            try await look { try await stack.git("update-ref", "refs/heads/other-\(number)", "HEAD") }
        }
        return .latency(
            "\(title)look, ref unchanged, beside `git fetch` of nothing",
            try Samples(looks),
            floor: try Samples(try await floor.fetchNothing()),
            p50: isGoal ? 20 : nil
        )
    }

    private func forcedLooks() async throws -> Figure {
        let looks = try await (0..<10).asyncMap { _ in
            try await look { try await stack.agirunner("reconcile", "gitsource/main") }
        }
        return .latency(
            "\(title)look that was asked for, nothing new, beside `git fetch` of nothing",
            try Samples(looks),
            floor: try Samples(try await floor.fetchNothing()),
            p50: isGoal ? 200 : nil
        )
    }

    /// The commits are made before, since `git commit` alone looks at every file of a work tree; the time
    /// begins with the start of the program that moves the branch.
    private func commits() async throws -> Figure {
        let count = 100
        try await floor.prepare(count) { try edit($0, in: $1) }
        let before = try await counters()
        var times: [Duration] = []
        for number in 0..<count {
            times.append(
                try await timed {
                    try await applied { try await CatalogFloor.move(stack, number, in: stack.configuration) }
                }
            )
        }
        try await stack.git("reset", "-q", "--hard", "main")
        let after = try await counters()
        for name in ["agirunner_blobs_parsed_total", "agirunner_objects_written_total"] {
            let cost = (after[name] ?? 0) - (before[name] ?? 0)
            guard cost == Double(count) else {
                throw BenchmarkError("\(count) commits of one file cost \(cost) in \(name)")
            }
        }
        return .latency(
            "\(title)commit of one file → applied, beside `git update-ref`, `git fetch` and one COPY",
            try Samples(times),
            floor: try Samples(try await floor.commits(20)),
            p99: isGoal ? 100 : nil
        )
    }

    private func plans() async throws -> Figure {
        let plans = try await (0..<5).asyncMap { _ in
            try await timed {
                try await output(
                    of: "\(programFolder)/agirunner",
                    ["plan"],
                    environment: Stack.environment(stack.folder),
                    directory: stack.configuration
                )
            }
        }
        return .latency(
            "\(title)`agirunner plan`, beside libyaml",
            try Samples(plans),
            floor: try Samples([try await floor.parseAll()])
        )
    }

    private func memory() async throws -> Figure {
        // What the lists and loads before have freed is given back every thirty seconds.
        try await ContinuousClock().sleep(for: .seconds(32))
        let memory = try Double(residentKiB(daemon(of: stack))) / 1024
        let bytes = Double(declarations.files.reduce(0) { $0 + $1.text.utf8.count }) / 1_048_576
        return Figure(
            name: "\(title)memory of `agirunnerd` at rest (VmRSS), beside the bytes of the files",
            measured: "\(short(memory)) MiB",
            floor: "\(short(bytes)) MiB",
            ratio: times(memory / bytes),
            goal: goal("≤ 150 MB", memory * 1.048_576 <= 150)
        )
    }

    private func goal(_ bound: String, _ isMet: Bool) -> String { isGoal ? Goal(bound, isMet).text : "—" }

    private func edit(_ number: Int, in repository: String) throws {
        let (path, text) = declarations.edited(number, text: "Edition \(number) of this sentence.")
        let place = "\(repository)/\(path)"
        guard FileManager.default.createFile(atPath: place, contents: Data(text.utf8)) else {
            throw BenchmarkError("cannot write \(path)")
        }
    }

    /// Does something and waits until the source has applied another commit.
    private func applied(_ body: () async throws -> Void) async throws {
        let before = watch.state(of: "main")?.split(separator: " ").first.map(String.init)
        try await body()
        try await watch.until("main", within: .seconds(600)) { state in
            state.split(separator: " ").first.map(String.init) != before
        }
    }

    /// How long the controller's look took that something leads to.
    private func look(_ body: () async throws -> Void) async throws -> Duration {
        let (sum, number) = (
            "agirunner_reconcile_seconds_sum{kind=\"GitSource\"}",
            "agirunner_reconcile_seconds_count{kind=\"GitSource\"}"
        )
        let before = try await counters()
        try await body()
        var after = before
        try await wait(for: "a look at the source", within: .seconds(120)) {
            after = try await counters()
            return after[number, default: 0] > before[number, default: 0]
        }
        let looks = after[number, default: 0] - before[number, default: 0]
        return .seconds((after[sum, default: 0] - before[sum, default: 0]) / looks)
    }

    /// The metrics of the control plane by name and labels.
    private func counters() async throws -> [String: Double] {
        let response = try await stack.http.send(stack.request("/metrics", accept: "text/plain"))
        guard response.status == 200 else { throw BenchmarkError("/metrics: \(response.status)") }
        var values: [String: Double] = [:]
        for line in String(decoding: response.body, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let value = Double(words[1]) { values[String(words[0])] = value }
        }
        return values
    }
}

private let sourcePath = "/apis/agirunner.dev/v1/gitsource"

private func short(_ duration: Duration) -> String { duration.inMilliseconds }

extension Range<Int> {
    /// The answers to each number, one after the other.
    fileprivate func asyncMap<Answer>(_ body: (Int) async throws -> Answer) async rethrows -> [Answer] {
        var answers: [Answer] = []
        for number in self { answers.append(try await body(number)) }
        return answers
    }
}
