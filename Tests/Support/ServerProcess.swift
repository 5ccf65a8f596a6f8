internal import Glibc
package import Threads

/// Real servers on loopback ports, which end with the test.
package enum ServerProcess {
    /// Runs the body beside servers that share a port, which are killed and reaped in every case.
    ///
    /// `commands` makes them for a port that was free a moment ago; the last one is the one that listens
    /// there. Each runs under `timeout`, so it ends by itself even when the tests are killed.
    package static func serving<Value: Sendable>(
        log: String,
        _ commands: @Sendable (_ port: UInt16) throws -> [Command],
        _ body: @Sendable (_ port: UInt16) async throws -> Value
    ) async throws -> Value {
        // A port may be taken by now: then another one is tried.
        for _ in 0..<10 {
            let port = try freePort()
            let processes = try commands(port).map { command in
                let bounded = Command(
                    executable: "/usr/bin/timeout",
                    arguments: ["--kill-after=1", "300", command.executable] + command.arguments,
                    environment: command.environment,
                    directory: command.directory
                )
                return try DetachedProcess(bounded, output: .file(log), errorOutput: .file(log)).start()
            }
            let result: Result<Value, any Error>?
            if try await isServed(port, by: processes) {
                do { result = .success(try await body(port)) } catch { result = .failure(error) }
            } else {
                result = nil
            }
            for process in processes {
                _ = try process.killGroup()
                _ = try await DetachedProcess.waitForExit(process, until: .after(.seconds(60)))
            }
            if let result { return try result.get() }
        }
        throw SupportError("no server could be started; see \(log)")
    }

    /// Whether all run and the port takes connections; false once one of them has ended.
    private static func isServed(_ port: UInt16, by processes: [ProcessIdentity]) async throws -> Bool {
        let deadline = Deadline.after(.seconds(60))
        while !deadline.isPast && processes.allSatisfy(\.isAlive) {
            if takesConnections(port) { return processes.allSatisfy(\.isAlive) }
            try await ContinuousClock().sleep(for: .milliseconds(20))
        }
        return false
    }

    private static func takesConnections(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return unsafe withLoopback(port) { unsafe connect(descriptor, $0, $1) } == 0
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe withLoopback(0) { unsafe bind(descriptor, $0, $1) } == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard found else { throw SupportError("no loopback port is free (errno \(errno))") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func withLoopback(
        _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
