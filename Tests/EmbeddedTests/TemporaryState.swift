import Domain
import Glibc
import Synchronization
import Threads

@testable import Embedded

/// A folder for one test with a state folder in it that the database's user can enter; removed with all its
/// processes.
struct TemporaryState: Sendable {
    let folder: String
    let installation: Installation
    let account: Command.Account?

    /// Runs a test in a folder of its own; whatever it recorded is killed afterwards, also when it fails.
    static func with(_ body: (TemporaryState) async throws -> Void) async throws {
        var template = Array("/tmp/ag.XXXXXX".utf8CString)
        _ = unsafe mkdtemp(&template)
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        try FileSystem.setMode(folder, 0o755)
        let state = TemporaryState(
            folder: folder,
            installation: Installation(state: folder + "/s"),
            account: try serverAccount(userID: geteuid(), accounts: FileSystem.text("/etc/passwd") ?? "")
        )
        var failure: (any Error)?
        do { try await body(state) } catch { failure = error }
        await state.clean()
        if let failure { throw failure }
    }

    /// The processes that were ever recorded here and still run.
    var running: [String] {
        ["postgres", "agirunnerd", "agirunner-fleet"].filter {
            ChildRecord.ofRunning(installation.record(of: $0)) != nil
        }
    }

    func process(_ name: String) -> ProcessIdentity? {
        ChildRecord.ofRunning(installation.record(of: name))?.process
    }

    /// Every process whose working folder lies in this test's folder, whoever started it.
    var processesInside: [Int32] {
        FileSystem.names(in: "/proc").compactMap { Int32($0) }.filter {
            FileSystem.target(ofLink: "/proc/\($0)/cwd")?.hasPrefix(folder + "/") == true
        }
    }

    /// Whether nothing runs inside any more, at once or as soon as what was killed is gone.
    func isLeftAlone() async -> Bool {
        let deadline = ContinuousClock.now + .seconds(3)
        while !processesInside.isEmpty, ContinuousClock.now < deadline {
            // Ends early when the test is cancelled, which the last look then judges.
            try? await ContinuousClock().sleep(for: .milliseconds(20))
        }
        return processesInside.isEmpty
    }

    func settings(folder: String? = nil, programs: String? = nil) -> EmbeddedSettings {
        EmbeddedSettings(
            state: installation.state,
            publicPort: 0,
            folder: folder,
            programDirectory: programs ?? self.folder + "/programs",
            environment: ["PATH": "/usr/bin:/bin"],
            readyWithin: .seconds(60)
        )
    }

    /// Shell programs in the place of ours: each says that it is there, and goes on until SIGTERM.
    func writePrograms(daemon: String = TemporaryState.daemon, fleet: String = TemporaryState.fleet) throws {
        let programs = folder + "/programs"
        try FileSystem.makeFolder(programs, mode: 0o755)
        try FileSystem.write(Array(daemon.utf8), to: programs + "/agirunnerd", mode: 0o755)
        try FileSystem.write(Array(fleet.utf8), to: programs + "/agirunner-fleet", mode: 0o755)
    }

    static let daemon = """
        #!/bin/sh
        # agirunnerd --state DIR ...: ready as soon as the file is there
        trap 'rm -f "$2/run/ready"; exit 0' TERM
        echo "$@" > "$2/daemon.arguments"
        touch "$2/run/ready"
        while :; do sleep 0.1; done
        """

    static let fleet = """
        #!/bin/sh
        trap 'exit 0' TERM
        echo "$@" > fleet.arguments
        while :; do sleep 0.1; done
        """

    private func clean() async {
        // The processes may have ended by themselves; what cannot be killed shows in the next check.
        for pid in processesInside { _ = try? ProcessIdentity.current(pid: pid)?.killGroup() }
        for pid in processesInside { kill(pid, SIGKILL) }
        let remove = Command(executable: "/usr/bin/rm", arguments: ["-rf", folder])
        // What stays in /tmp is cleared by the system.
        _ = try? await ChildProcess(remove).run(until: .after(.seconds(60)))
    }
}

/// One `up` under test: what it said, and the way to stop it.
final class Session: Sendable {
    private struct State {
        var lines: [String] = []
        var waiting: [(text: String, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let continuation: AsyncStream<Void>.Continuation
    let stops: AsyncStream<Void>

    init() { (stops, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(8)) }

    var lines: [String] { state.withLock { $0.lines } }

    func stop() { continuation.yield() }

    func say(_ line: String) {
        let ready = state.withLock { state in
            state.lines.append(line)
            let ready = state.waiting.filter { line.contains($0.text) }
            state.waiting.removeAll { line.contains($0.text) }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Returns when a line with the text was said, now or earlier; the suite's time limit bounds the wait.
    func saw(_ text: String) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.lines.contains(where: { $0.contains(text) }) { return true }
                state.waiting.append((text, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func forget() { state.withLock { $0.lines = [] } }

    var ports: UpPorts {
        UpPorts(
            probe: { FileSystem.entry($0.run + "/ready") != nil },
            progress: { [self] in say($0) },
            newToken: { "a-token" },
            stops: stops
        )
    }
}
