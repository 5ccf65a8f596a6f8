import Support
import Testing

/// Stands between the control plane and Postgres and spoils round trips, chosen by their numbers.
///
/// A round trip is what the client sends up to `Sync`, or a simple query, and the answer to it. The server
/// takes each message as a whole, so that every place in one message at which a connection can break is the
/// same to it as the middle.
struct StatementProxy: Sendable {
    /// What happens to the round trip.
    enum Anomaly: String, Sendable, CaseIterable {
        /// The server refuses it with a syntax error, which nobody expects.
        case refusal
        /// The connection breaks in the middle of the question: the server never runs it.
        case questionCut
        /// The connection breaks in the middle of the answer: the server has run it, and nobody knows.
        case answerCut
    }

    /// What the proxy saw since it was armed.
    struct Sight: Sendable {
        let roundTrips: Int
        /// Of them.
        let spoiled: Int
    }

    private let server: System.Server
    private let system: System

    /// Takes the place of the server's socket, and of every connection that is open.
    init(before system: System) async throws {
        self.system = system
        // Whoever is connected already would go past the proxy.
        server = try await system.serve(Repository.text("Tests/Servers/statement_proxy.py"))
        try await system.dropConnections()
    }

    /// Spoils the round trip with this number, counted from now and from 1, and each as many after it.
    func arm(_ anomaly: Anomaly, at number: Int, every stride: Int) async throws {
        _ = try await ask("arm \(anomaly) \(number) \(stride)")
    }

    /// Counts from now on and spoils nothing.
    func disarm() async throws { _ = try await ask("arm nothing 0 1") }

    func look() async throws -> Sight {
        let answer = try await ask("look").split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        try #require(answer.count == 2)
        return Sight(roundTrips: answer[0], spoiled: answer[1])
    }

    /// Gives the server its socket back.
    func end() async throws {
        try await system.end(server.process)
        let answer = try await system.shell("mv behind state/run/postgres/.s.PGSQL.5432")
        #expect(answer.code == 0, "\(answer.error)")
    }

    private func ask(_ line: String) async throws -> String {
        let answer = try await system.shell(
            "exec 3<>/dev/tcp/127.0.0.1/\(server.port); echo '\(line)' >&3; cat <&3"
        )
        #expect(answer.code == 0, "\(answer.error)")
        return answer.output
    }
}
