import Domain
import Foundation
import Support
import Testing
import Threads

/// Programs that stand still and come back late, two control planes at once, and a worker that lies.
extension TroubleTests {
    @Test func `a control plane that stood still, and a second one beside it, do nothing twice`() async throws
    {
        try await System.running { system in
            try await system.waitForAttempt()
            try await system.whileFrozen("agirunnerd") {
                // Much longer than a lease, which is what this is about.
                try await ContinuousClock().sleep(for: .seconds(40))
            }
            try await system.finishRun()
            try await system.expectRunDoneOnce()
            let second = try await beginSecondDaemon(system)
            try await system.applyRun("again")
            try await system.waitForAttempt()
            try await system.whileFrozen("agirunnerd") {
                // The other one goes on with what it can: the attempt's lease runs out before its eyes.
                let lost = try await system.shell(
                    """
                    export AGIRUNNER_STATE='\(system.folder.path)/second'
                    agirunner get workflow/again
                    for n in $(seq 250); do
                        if agirunner get attempts | grep again | grep lost; then exit; fi
                        sleep 0.1
                    done
                    exit 1
                    """
                )
                #expect(lost.code == 0, "\(lost.output)\(lost.error)")
            }
            try await system.finishRun("again")
            try await system.expectRunDoneOnce("again")
            try await system.end(second)
        }
    }

    @Test func `of two control planes either may be killed, and the other one goes on`() async throws {
        try await System.running { system in
            let second = try await beginSecondDaemon(system)
            try await system.waitForAttempt()
            for process in try await system.recorded("agirunnerd") { Glibc.kill(process, SIGKILL) }
            let other = try await system.shell(
                "AGIRUNNER_STATE='\(system.folder.path)/second' agirunner get workflow/fix-division"
            )
            #expect(other.code == 0, "\(other.error)")
            // `up` starts the first one again.
            _ = try await system.shell(
                "until agirunner get workflows; do sleep 0.1; done",
                within: .seconds(30)
            )
            try await system.finishRun()
            try await system.expectRunDoneOnce()
            try await system.applyRun("again")
            try await system.waitForAttempt()
            _ = try second.signal(.kill)
            try await system.finishRun("again")
            try await system.expectRunDoneOnce("again")
            let status = try await DetachedProcess.waitForExit(second, until: .after(.seconds(10)))
            #expect(status == .signalled(SIGKILL))
        }
    }

    @Test func `a runtime that stood still longer than its lease changes nothing when it comes back`()
        async throws
    {
        try await System.running { system in
            let attempt = try await freezeAtWork(system)
            try await system.finishRun()
            try await system.expectRunDoneOnce()
            let state = try await system.must("get", "attempt", attempt, "-o", "jsonpath=.status.state")
            #expect(state == "lost\n")
        }
    }

    @Test func `up goes on and stops in order when nobody reads what it says any more`() async throws {
        try await System.with { system in
            let answer = try await system.shell(
                """
                agirunner up --port 0 '\(Repository.root)/examples/first-light' > >(head -n 1) 2>&1 &
                up=$!
                until agirunner get workflow/fix-division; do kill -0 $up || exit 9; sleep 0.1; done
                kill -TERM $up
                wait $up
                """,
                within: .seconds(120)
            )
            #expect(answer.code == 0, "\(answer.output)\(answer.error)")
        }
    }

    @Test func `a worker that lies is refused with a reason and changes nothing`() async throws {
        try await System.running { system in
            try await system.waitForGate()
            let worker = try await Liar(system)
            let uid = "get attempt fix-division-reproduce-1-1-a1 -o jsonpath=.metadata.uid"
            let ended = try await system.shell("agirunner \(uid)").output.trimmingCharacters(in: .newlines)
            let before = try await records(system)
            let stranger = ["attempt": "00000000-0000-4000-8000-000000000000", "token": "made-up"] as Value
            let foreign = ["attempt": .string(ended), "token": "made-up"] as Value
            try await worker.expect("begin", ["proof": stranger], as: "nobody", "401", "unauthorized")
            try await worker.expect("begin", ["proof": stranger], "404", "not_found")
            try await worker.expect("begin", ["proof": foreign], "409", "not_found")
            let report = ["outcome": "parked", "usage": noUsage] as Value
            let late = ["proof": foreign, "requestID": "late", "report": report] as Value
            try await worker.expect("report", late, "409", "not_found")
            try await worker.expect("report", ["proof": foreign], "400", "malformed")
            #expect(try await records(system) == before)
            try await repeatReport(worker, report, system)
            try await system.finishRun("again")
            try await system.expectRunDoneOnce("again")
        }
    }

    /// Reports an attempt of its own twice, then with another content, then once more under another id.
    private func repeatReport(_ worker: Liar, _ report: Value, _ system: System) async throws {
        try await system.whileFrozen("agirunner-runtime") {
            try await system.applyRun("again")
            let proof = try await worker.claim()
            try await worker.expect("begin", ["proof": proof], "200", nil)
            let request = ["proof": proof, "requestID": "once", "report": report] as Value
            try await worker.expect("report", request, "200", nil)
            let before = try await records(system)
            try await worker.expect("report", request, "200", nil)
            let changed = ["outcome": "failed", "usage": noUsage] as Value
            let other = ["proof": proof, "requestID": "once", "report": changed] as Value
            try await worker.expect("report", other, "409", "request_reused")
            let again = ["proof": proof, "requestID": "twice", "report": changed] as Value
            try await worker.expect("report", again, "409", "stale_attempt")
            #expect(try await records(system) == before)
        }
    }

    private var noUsage: Value {
        [
            "inputTokens": 0, "outputTokens": 0, "cost": "0", "modelCalls": 0, "toolCalls": 0,
            "wallMilliseconds": 1,
        ]
    }

    private func records(_ system: System) async throws -> String {
        try await system.must("get", "workflows,tasks,attempts,handoffs", "-o", "json")
    }

    /// Stops the runtime while it holds an attempt, until that one's lease is lost; answers its name.
    private func freezeAtWork(_ system: System) async throws -> String {
        for _ in 0..<50 {
            try await system.waitForAttempt()
            let lost = try await system.whileFrozen("agirunner-runtime") { () async throws -> String? in
                // It may have ended just before the signal came.
                guard let attempt = try await system.liveAttempt() else { return nil }
                let isLost = "jsonpath=.status.state=lost"
                try await system.must("wait", "attempt/\(attempt)", "--for", isLost, "--timeout", "20s")
                return attempt
            }
            if let lost { return lost }
        }
        throw SupportError("no attempt was caught alive")
    }

    /// Starts another `agirunnerd` on the same database, with a state folder of its own.
    private func beginSecondDaemon(_ system: System) async throws -> ProcessIdentity {
        // The folder of its sockets.
        try system.folder.write("", to: "second/run/made")
        let arguments = [
            "--state", "\(system.folder.path)/second", "--database-socket", "\(system.state)/run/postgres",
            "--public-port", "0", "--fleet-token-file", "\(system.state)/run/fleet.token",
            "--heartbeat", "1s", "--lease", "5s",
        ]
        let second = try system.background(program("agirunnerd"), arguments, log: "second.log")
        let isReady = try await eventually(within: .seconds(30)) {
            let question = "AGIRUNNER_STATE=\"$PWD/second\" agirunner get workflows"
            return try await system.shell(question).code == 0
        }
        #expect(isReady, "\(system.folder.read("second.log") ?? "")")
        return second
    }
}

/// A worker that has registered properly, and then says what it likes.
private struct Liar: Sendable {
    private let system: System
    private let token: String

    init(_ system: System) async throws {
        let fleet = try #require(system.folder.read("state/run/fleet.token"))
        let provision = ["pool": "local", "runtime": "liar"] as Value
        let provisioned = try await Liar.post("fleet/provision", provision, fleet, system)
        let first = try #require(provisioned.body["token"]?.string, "\(provisioned)")
        let present = ["runtime": "liar", "commands": ["git", "python3"], "version": "0"] as Value
        let registered = try await Liar.post("register", present, first, system)
        self.system = system
        token = try #require(registered.body["token"]?.string, "\(registered)")
    }

    /// Claims a task; the proof of its attempt.
    ///
    /// A runtime that stands still may be given it first, and holds it until its lease is lost.
    func claim() async throws -> Value {
        // Whoever was silent for a while gets nothing before its next heartbeat.
        let beat = ["attempts": [], "isDraining": false] as Value
        try await expect("heartbeat", beat, "200", nil)
        let request = ["count": 1, "waitMilliseconds": 30_000, "requestID": "claim"] as Value
        let claim = try await Liar.post("claim", request, token, system).body["claims"]?.array?.first
        let attempt = try #require(claim?["contract"]?["identity"]?["attemptUID"])
        return ["attempt": attempt, "token": try #require(claim?["token"])]
    }

    /// Expects the answer's status and, of an error, a problem document with this reason.
    func expect(
        _ path: String,
        _ body: Value,
        as token: String? = nil,
        _ status: String,
        _ reason: String?
    ) async throws {
        let answer = try await Liar.post(path, body, token ?? self.token, system)
        #expect(answer.status == status, "\(path): \(answer)")
        #expect(answer.body["reason"]?.string == reason, "\(path): \(answer)")
        #expect(answer.type == (reason == nil ? "application/json" : "application/problem+json"))
    }

    private static func post(
        _ path: String,
        _ body: Value,
        _ token: String,
        _ system: System
    ) async throws -> (status: String, type: String, body: Value) {
        let answer = try await system.shell(
            """
            curl -s --unix-socket '\(system.state)/run/worker.sock' -w '\\n%{http_code} %{content_type}' \\
                -H 'Authorization: Bearer \(token)' -H 'Content-Type: application/json' \\
                -d '\(body.canonicalJSON)' http://agirunner/worker/v1/\(path)
            """
        )
        let lines = answer.output.split(separator: "\n").map(String.init)
        let head = try #require(lines.last, "\(answer)").split(separator: " ").map(String.init)
        let text = lines.dropLast().joined(separator: "\n")
        return (head.first ?? "", head.last ?? "", try Value(json: Array(text.utf8)))
    }
}
