import Glibc
import Threads

/// A TCP port of 127.0.0.1 that accepts connections and, by itself, never answers.
final class LoopbackListener: Sendable {
    let descriptor: Int32
    let port: UInt16

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard descriptor >= 0, result else {
            throw SystemError(code: .failed, message: "no loopback port", call: "bind", errno: errno)
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }

    /// The next connection, or nil when none comes in time.
    func accept(until deadline: Deadline) throws -> LoopbackConnection? {
        guard try poll([PollInterest(descriptor, readable: true)], until: deadline)[0].isReady else {
            return nil
        }
        let connection = Glibc.accept(descriptor, nil, nil)
        return connection < 0 ? nil : LoopbackConnection(descriptor: connection)
    }

    /// Gives every connection of the body's time this one answer to its first bytes.
    func answering<Value: Sendable>(
        _ answer: String,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await onOwnThread("answer") { cancelled in
                    let interests = [
                        PollInterest(self.descriptor, readable: true),
                        PollInterest(cancelled.fileDescriptor, readable: true),
                    ]
                    while try poll(interests, until: .generous)[1].isReady == false {
                        guard let connection = try self.accept(until: .generous) else { return }
                        _ = try connection.read(until: .generous)
                        connection.write(answer)
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }
}

/// One accepted connection.
final class LoopbackConnection: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The next bytes; empty when the other side is gone, nil when nothing comes in time.
    func read(until deadline: Deadline) throws -> [UInt8]? {
        guard try poll([PollInterest(descriptor, readable: true)], until: deadline)[0].isReady else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }

    func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
