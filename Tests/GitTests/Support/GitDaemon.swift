import Domain
import Git
import Glibc
import Threads

/// A real `git daemon` on a loopback port, which exports every repository below a folder.
struct GitDaemon: Sendable {
    let port: UInt16

    func url(_ name: String) throws -> RemoteURL { try RemoteURL("git://127.0.0.1:\(port)/\(name)") }

    /// Runs the body beside a daemon, which is killed and reaped in every case.
    ///
    /// It runs under `timeout`, so it ends by itself even when the tests are killed.
    static func serving<Value: Sendable>(
        _ folder: TestFolder,
        _ body: @Sendable (GitDaemon) async throws -> Value
    ) async throws -> Value {
        // A port that was free a moment ago may be taken by now: then another one is tried.
        for _ in 0..<10 {
            let port = try LoopbackListener().port
            let errors = try Pipe()
            guard let process = try start(port: port, folder: folder, errors: errors) else { continue }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(GitDaemon(port: port)))
            } catch {
                result = .failure(error)
            }
            _ = try process.killGroup()
            _ = try await DetachedProcess.waitForExit(process, until: .generous)
            // Until here, because a daemon that cannot write its messages ends.
            withExtendedLifetime(errors) {}
            return try result.get()
        }
        throw SystemError(code: .busy, message: "git daemon found no port", call: "bind")
    }

    /// Starts the daemon and returns when it accepts connections; nil when it ended instead.
    private static func start(port: UInt16, folder: TestFolder, errors: Pipe) throws -> ProcessIdentity? {
        let command = Command(
            executable: "/usr/bin/timeout",
            arguments: [
                "--kill-after=1", "120", "/usr/bin/git", "daemon", "--verbose", "--export-all",
                "--listen=127.0.0.1", "--port=\(port)", "--base-path=\(folder.path)", folder.path,
            ],
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": folder.path, "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1",
            ]
        )
        let process = try DetachedProcess(command, errorOutput: .descriptor(errors.writing)).start()
        errors.closeWriting()
        var said = ""
        while !said.contains("Ready to rumble") {
            var bytes = [UInt8](repeating: 0, count: 4096)
            guard try poll([PollInterest(errors.reading, readable: true)], until: .generous)[0].isReady,
                case let count = unsafe read(errors.reading, &bytes, bytes.count), count > 0
            else {
                _ = try process.killGroup()
                return nil
            }
            said += String(decoding: bytes.prefix(count), as: UTF8.self)
        }
        return process
    }
}

/// Both ends of a pipe; the one for writing is closed here once a child has it.
private final class Pipe {
    let reading: Int32
    private(set) var writing: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            throw SystemError(code: .failed, message: "no pipe", call: "pipe", errno: errno)
        }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        closeWriting()
    }

    func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }
}
