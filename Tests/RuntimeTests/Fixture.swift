import Containers
import Domain
import Foundation
import Logging
import Secrets
import Synchronization
import Testing
import Threads
import WorkerProtocol

@testable import Runtime

/// A folder of its own below /tmp with a real engine and a real remote repository; all of it is gone
/// afterwards.
struct Fixture: Sendable {
    let folder: String
    let engine: SandboxEngine
    let door = FakeDoor()

    /// Users of different fixtures never meet, since tests run at the same time.
    private static let fixtures = Atomic<UInt32>(0)

    static func with(_ body: (Fixture) async throws -> Void) async throws {
        var template = Array("/tmp/ag.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure(.internal, "no temporary folder") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        let number = fixtures.add(1, ordering: .relaxed).oldValue % 100
        let settings = LocalEngineSettings(
            folder: folder + "/engine",
            userIDs: (65_600 + number * 4)...(65_603 + number * 4)
        )
        let fixture = Fixture(folder: folder, engine: .local(settings, logger: Logger(label: "test")))
        defer { try? removeTree(at: folder) }  // a failure to remove is seen by the checks of leftovers
        try FileManager.default.createDirectory(atPath: fixture.attempts, withIntermediateDirectories: true)
        try await fixture.makeRemote()
        try await body(fixture)
        #expect(fixture.leftovers.isEmpty)
    }

    var attempts: String { folder + "/attempts" }
    var remote: String { folder + "/remote.git" }

    /// What attempts and sandboxes left behind.
    var leftovers: [String] {
        [attempts, folder + "/engine/sandboxes"].flatMap {
            (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? []  // no folder: nothing was made
        }
    }

    /// A supervisor at the fixture's door, or at one of the test's own.
    func supervisor(door: WorkerDoor? = nil) -> AttemptSupervisor {
        AttemptSupervisor(
            door: door ?? self.door.door,
            engine: engine,
            clock: .system,
            folder: attempts,
            logger: Logger(label: "test"),
            redactor: Redactor([SecretText("worker-token-secret")])
        )
    }

    /// Runs an attempt to its end and answers its report.
    @discardableResult
    func run(_ contract: Contract, lease: Duration = .seconds(300)) async throws -> AttemptReport {
        let claim = Fixture.claim(contract, lease: lease)
        await supervisor().run(claim, control(claim, lease: lease))
        return try #require(door.reports.first, "there is no report")
    }

    /// A claim on a contract; the supervisor goes by the lease of its control.
    static func claim(_ contract: Contract, lease: Duration = .milliseconds(1)) -> ClaimReply.Claim {
        ClaimReply.Claim(
            contract: contract,
            token: "attempt-token-secret",
            leaseMilliseconds: lease.milliseconds
        )
    }

    func control(_ claim: ClaimReply.Claim, lease: Duration = .seconds(300)) -> AttemptControl {
        AttemptControl(
            proof: AttemptProof(attempt: claim.contract.identity.attemptUID, token: claim.token),
            leaseEnd: ContinuousClock.now.advanced(by: lease)
        )
    }

    /// A contract over the remote.
    func contract(_ change: (inout Value) -> Void = { _ in }) throws -> Contract {
        try makeContract { value in
            value["workspace"] = [
                "name": "calculator", "branch": "agirunner/fix", "abandoned": [],
                "spec": [
                    "type": "git", "url": .string(remote), "branch": "main", "readOnly": false, "setup": [],
                    "identity": ["name": "Agirunner", "email": "agirunner@localhost"],
                ],
            ]
            change(&value)
        }
    }
}

extension Fixture {
    /// A bare repository with a small program that divides wrongly, and a test that says so.
    private func makeRemote() async throws {
        try await shell(
            """
            git init -q -b main work && cd work
            cat > calculator.py <<'END'
            def divide(a, b):
                return int(a / b)
            END
            cat > test_calculator.py <<'END'
            import unittest
            from calculator import divide
            class Divide(unittest.TestCase):
                def test_positive(self):
                    self.assertEqual(divide(7, 2), 3)
                def test_negative(self):
                    self.assertEqual(divide(-7, 2), -4)
            END
            git add -A && git commit -q -m 'A calculator' && cd ..
            git clone -q --bare work remote.git
            """
        )
    }

    /// Runs a script in the fixture's folder with git's own home; answers what it prints.
    @discardableResult
    func shell(_ script: String) async throws -> String {
        let environment = [
            "PATH": "/usr/bin:/bin", "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@localhost", "GIT_COMMITTER_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@localhost",
        ]
        let command = Command(
            executable: "/bin/sh",
            arguments: ["-euc", script],
            environment: environment,
            directory: folder
        )
        let output = try await ChildProcess(command).run(until: .after(.seconds(60)))
        guard output.succeeded else {
            throw Failure(.internal, "a script of the test failed with \(output.status): \(script)")
        }
        return String(decoding: output.standardOutput, as: UTF8.self)
    }

    /// Where a branch of the remote stands; nil when there is none.
    func tip(_ branch: String = "agirunner/fix") async throws -> CommitID? {
        let text = try await shell("git -C remote.git rev-parse -q --verify refs/heads/\(branch) || true")
            .trimmed
        return text.isEmpty ? nil : CommitID(text)
    }

    /// Makes a commit on top of another and puts a branch of the remote there, as somebody else would.
    @discardableResult
    func commit(on base: String, branch: String = "agirunner/fix", text: String) async throws -> CommitID {
        try await shell(
            """
            rm -rf other && git clone -q remote.git other && cd other && git checkout -q \(base)
            echo '\(text)' > other.txt && git add -A && git commit -q -m '\(text)'
            git push -q -f origin HEAD:refs/heads/\(branch)
            """
        )
        guard let tip = try await tip(branch) else { throw Failure(.internal, "the branch was not pushed") }
        return tip
    }
}

/// The control plane's side of the door, which records what it is told.
final class FakeDoor: Sendable {
    struct State: Sendable {
        var calls: [String] = []
        var reports: [ReportRequest] = []
        var announced: [CommitID] = []
        var lines: [TaskLogLine] = []
        var heartbeats: [HeartbeatRequest] = []
        var claims: [ClaimRequest] = []
        var replies: [String: [any Error]] = [:]
        var waiting: [ClaimReply.Claim] = []
        var directive: HeartbeatReply.Directive = .proceed
        var mustDrain = false
        var leaseMilliseconds: Int64 = 30_000
    }

    let state = Mutex(State())

    var reports: [AttemptReport] { state.withLock { $0.reports.map(\.report) } }
    var lines: [TaskLogLine] { state.withLock { $0.lines } }

    /// How often a call was made.
    func count(_ call: String) -> Int { state.withLock { $0.calls.count { $0 == call } } }

    /// Lets the next calls of a name fail.
    func fail(_ call: String, with errors: [any Error]) { state.withLock { $0.replies[call] = errors } }

    private func enter<Reply>(_ call: String, _ body: (inout State) -> Reply) throws -> Reply {
        try state.withLock { state in
            state.calls.append(call)
            if var errors = state.replies[call], !errors.isEmpty {
                let error = errors.removeFirst()
                state.replies[call] = errors
                throw error
            }
            return body(&state)
        }
    }

    var door: WorkerDoor {
        WorkerDoor(
            register: { _ in
                try self.enter("register") { _ in
                    RegisterReply(
                        worker: "w",
                        token: "worker-token-secret",
                        slots: 2,
                        heartbeatMilliseconds: 20,
                        leaseMilliseconds: 30_000
                    )
                }
            },
            heartbeat: { request in
                try self.enter("heartbeat") { state in
                    state.heartbeats.append(request)
                    return HeartbeatReply(
                        leases: request.attempts.map {
                            .init(
                                attempt: $0.attempt,
                                leaseMilliseconds: state.leaseMilliseconds,
                                directive: state.directive
                            )
                        },
                        mustDrain: state.mustDrain
                    )
                }
            },
            claim: { request in
                let claims = try self.enter("claim") { state in
                    state.claims.append(request)
                    let taken = Array(state.waiting.prefix(request.count))
                    state.waiting.removeFirst(taken.count)
                    return taken
                }
                if claims.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                return ClaimReply(claims: claims)
            },
            begin: { _ in try self.enter("begin") { _ in Acknowledgement(applied: true) } },
            announce: { request in
                try self.enter("announce") { state in
                    state.announced.append(request.commit)
                    return Acknowledgement(applied: true)
                }
            },
            report: { request in
                try self.enter("report") { state in
                    state.reports.append(request)
                    return Acknowledgement(applied: true)
                }
            },
            logs: { request in
                try self.enter("logs") { state in
                    state.lines += request.lines
                    return Acknowledgement(applied: true)
                }
            }
        )
    }
}

/// Waits until something holds, for as long as a slow machine may need.
func eventually(
    within limit: Duration = .seconds(30),
    _ what: Comment,
    _ condition: () throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while ContinuousClock.now < end {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(what)
    throw Failure(.timeout, "\(what)")
}

/// The processes of the host with this text among their arguments.
func processes(with marker: String) -> [String] {
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // always there on Linux
    return pids.filter { pid in
        guard Int(pid) != nil, let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
            return false
        }
        return !occurrences(of: Array(marker.utf8), in: Array(bytes)).isEmpty
    }
}
