import Domain
import Glibc
import Synchronization
import WorkerProtocol

@testable import Fleet

/// A control plane in memory: hands out a snapshot, counts identities, keeps the last inventory.
final class ControlPlane: Sendable {
    struct State {
        var snapshot = FleetSnapshot(pools: [], runtimes: [])
        var isAway = false
        var provisioned: [String] = []
        var reports: [InventoryReport] = []
    }

    let state = Mutex(State())

    func want(_ pools: FleetSnapshot.Pool..., runtimes: [FleetSnapshot.Runtime] = []) {
        state.withLock { $0.snapshot = FleetSnapshot(pools: pools, runtimes: runtimes) }
    }

    var door: FleetDoor {
        FleetDoor(
            snapshot: { [self] in
                try state.withLock { state in
                    if state.isAway { throw Failure(.unavailable, "away") }
                    return state.snapshot
                }
            },
            provision: { [self] request in
                state.withLock { $0.provisioned.append(request.runtime) }
                return ProvisionReply(runtime: request.runtime, token: "token of \(request.runtime)")
            },
            report: { [self] report in state.withLock { $0.reports.append(report) } }
        )
    }
}

/// A clock that stands still until a test moves it.
final class StoppedClock: Sendable {
    private let time = Mutex(Timestamp(microseconds: 1_700_000_000_000_000))

    var now: Timestamp { time.withLock { $0 } }

    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// A state folder with a shell program in the place of the runtime; all of it is gone after the test.
struct FleetFixture: Sendable {
    let state: String
    let plane = ControlPlane()
    let clock = StoppedClock()

    /// Goes on until SIGTERM, and notes that it was asked.
    static let patient = """
        trap 'echo asked >> "$0.asked"; exit 0' TERM
        echo "$@" >> "$0.started"
        while :; do sleep 0.1; done
        """
    /// Does not end for SIGTERM.
    static let stubborn = "trap '' TERM\nwhile :; do sleep 0.1; done\n"
    static let crashing = "exit 3\n"

    /// Runs a test in a folder of its own; every process that names the folder is killed afterwards.
    static func with(_ script: String, _ body: (FleetFixture) async throws -> Void) async throws {
        var template = Array("/tmp/ag.XXXXXX".utf8CString)
        _ = unsafe mkdtemp(&template)
        let state = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fixture = FleetFixture(state: state)
        fixture.write(script)
        var failure: (any Error)?
        do { try await body(fixture) } catch { failure = error }
        // Twice nothing: a process in the middle of its exec has no command line for a moment.
        var quietLooks = 0
        while quietLooks < 2 {
            let left = fixture.processes
            for pid in left { kill(pid, SIGKILL) }
            quietLooks = left.isEmpty ? quietLooks + 1 : 0
            // Ends early when the test is cancelled, and the looks are only closer together then.
            try? await ContinuousClock().sleep(for: .milliseconds(20))
        }
        unsafe system("rm -rf \(state)")
        if let failure { throw failure }
    }

    private init(state: String) { self.state = state }

    var program: String { state + "/agirunner-runtime" }

    /// Replaces the stand-in for the runtime.
    func write(_ script: String) {
        write("#!/bin/sh\n" + script, to: program)
        unsafe chmod(program, 0o755)
    }

    func write(_ text: String, to path: String) {
        guard let file = unsafe fopen(path, "w") else { return }
        unsafe fputs(text, file)
        unsafe fclose(file)
    }

    /// Opened anew, as by a fleet manager that was started again.
    func runtimes(users: ClosedRange<UInt32>? = nil) throws -> LocalRuntimes {
        try LocalRuntimes(settings(users: users))
    }

    func settings(users: ClosedRange<UInt32>? = nil) -> LocalRuntimeSettings {
        LocalRuntimeSettings(
            state: state,
            program: program,
            workerSocket: state + "/worker.sock",
            sandboxUserIDs: users,
            environment: ["PATH": "/usr/bin:/bin"]
        )
    }

    func service(
        onExit: OnExit = .detach,
        rhythm: FleetService.Rhythm = FleetService.Rhythm()
    ) throws -> FleetService {
        FleetService(
            door: plane.door,
            runtimes: try runtimes(),
            rhythm: rhythm,
            onExit: onExit,
            now: { [clock] in clock.now },
            random: { .random(in: 0..<1) }
        )
    }

    /// Every process whose command line names this test's folder.
    var processes: [Int32] {
        guard let listing = unsafe opendir("/proc") else { return [] }
        defer { unsafe closedir(listing) }
        var found: [Int32] = []
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if let pid = Int32(name), text("/proc/\(name)/cmdline").contains(state + "/") {
                found.append(pid)
            }
        }
        return found
    }

    func text(_ path: String) -> String {
        guard let file = unsafe fopen(path, "r") else { return "" }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Lets the record of a runtime be read and not be written, as on a full disk: a link is not written
    /// through.
    func closeRecord(of name: String) {
        let record = "\(state)/runtimes/\(name)/record.json"
        unsafe rename(record, record + ".real")
        unsafe symlink("record.json.real", record)
    }

    func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    func mode(_ path: String) -> UInt32 {
        var found = stat()
        return unsafe stat(path, &found) == 0 ? found.st_mode & 0o7777 : 0
    }

    /// Waits until a condition of the world holds; the bound only ends a broken test.
    func until(_ condition: () -> Bool) async throws {
        for _ in 0..<2000 where !condition() { try await ContinuousClock().sleep(for: .milliseconds(10)) }
        if !condition() { throw Failure(.timeout, "the condition never held") }
    }
}
