import Testing

/// What the control plane refuses to be started with.
@Suite struct DaemonOptionTests {
    @Test(arguments: [
        ("--heartbeat 60s --lease 5s", "--lease at least three times as long"),
        ("--heartbeat 0s", "--heartbeat must be longer than 0s"), ("--lease soon", "such as 5s"),
        ("--anonymous-read everthing", "'everything' and 'health'"),
        ("--log-level loud", "  - trace\n  - debug"),
    ])
    func `an option that cannot be meant is refused with what can be`(
        options: String,
        words: String
    ) async throws {
        try await System.with { system in
            let daemon = "agirunnerd --state x --database-socket x --fleet-token-file x"
            let answer = try await system.shell("\(daemon) \(options)")
            #expect(answer.code == 64)
            #expect(answer.error.contains(words), "\(answer.error)")
        }
    }

    @Test(arguments: [
        ("--heartbeat 60s --lease 5s", "--lease at least three times as long"),
        ("--heartbeat 0s", "--lease at least three times as long"),
        ("--lease soon", "--lease at least three times as long"),
        ("--log-level loud", "  - trace\n  - debug"),
    ])
    func `up does not start what would be refused again and again`(
        options: String,
        words: String
    ) async throws {
        try await System.with { system in
            let answer = try await system.shell("agirunner up --port 0 \(options)")
            #expect(answer.code == 64)
            #expect(answer.error.contains(words), "\(answer.error)")
        }
    }
}
