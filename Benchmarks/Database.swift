import Support

/// A Postgres server as its own programs reach it, for what a figure costs with nothing of ours.
struct Database: Sendable {
    let host: String
    let name: String

    init(_ cluster: TemporaryCluster) {
        host = cluster.folder
        name = "postgres"
    }

    init(host: String, name: String) {
        self.host = host
        self.name = name
    }

    var place: [String] { ["-h", host, "-U", "agirunner"] }

    /// Runs statements in one session.
    func run(_ statements: String) async throws {
        let options = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", name]
        try await output(of: "/usr/bin/psql", place + options, input: statements)
    }

    /// How long each repetition of some statements takes in one session, with a pause in front of each.
    ///
    /// psql takes the time of every statement by itself; the statements of a repetition are added up.
    ///
    /// A command of psql itself, such as `\copy`, ends with its line.
    func times(of statements: [String], repeated count: Int, pause: Duration) async throws -> [Duration] {
        let repetition =
            "\\timing off\nSELECT pg_sleep(\(pause / .seconds(1)));\n\\timing on\n"
            + statements.map { $0.hasPrefix("\\") ? "\($0)\n" : "\($0);\n" }.joined()
        let text = try await output(
            of: "/usr/bin/psql",
            place + ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", name],
            input: String(repeating: repetition, count: count)
        )
        let times = text.split(separator: "\n").compactMap { line -> Duration? in
            // `Time: 1.234 ms`
            let words = line.split(separator: " ")
            guard words.count >= 3, words[0] == "Time:", let number = Double(words[1]) else { return nil }
            return .microseconds(Int64(number * 1000))
        }
        guard times.count == count * statements.count else {
            throw BenchmarkError("psql told \(times.count) times of \(count * statements.count)")
        }
        return (0..<count).map { index in
            times[(index * statements.count)..<((index + 1) * statements.count)].reduce(.zero, +)
        }
    }

    /// Transactions a second of a script of pgbench.
    func throughput(of script: String, connections: Int, seconds: Int) async throws -> Double {
        let text = try await output(
            of: "/usr/bin/env",
            ["pgbench", "-n"] + place
                + [
                    "-c", "\(connections)", "-j", "2", "-T", "\(seconds)", "-M", "prepared", "-f",
                    "/dev/stdin",
                    name,
                ],
            input: script
        )
        // `tps = 1234.567890 (without initial connection time)`
        let line = text.split(separator: "\n").first { $0.hasPrefix("tps = ") }
        guard let word = line?.split(separator: " ").dropFirst(2).first, let rate = Double(word) else {
            throw BenchmarkError("pgbench told no throughput: \(text)")
        }
        return rate
    }
}
