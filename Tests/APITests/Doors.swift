import API
import Domain
import Foundation
import Logging
import Outbound
import Synchronization
import Threads

/// The HTTP library, prepared once for all tests.
private let library: Result<HTTPClient, any Error> = Result {
    try HTTPClient.initialise()
    return try HTTPClient()
}

/// A folder of its own under a short path, removed at the end.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = "/tmp/ag." + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    // What cannot be removed lies under /tmp.
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Holds a lock file with the real lock.
private final class HeldLock: Sendable {
    private let lock: Mutex<FileLock?>

    init(_ path: String) throws { lock = Mutex(try FileLock(path: path)) }

    func release() { lock.withLock { $0 = nil } }
}

/// The lock as the program takes it.
let takeLock: @Sendable (String) async throws -> SocketHold = { path in
    do {
        let lock = try HeldLock(path)
        return SocketHold { lock.release() }
    } catch let error as SystemError {
        throw Failure(.conflict, error.message)
    }
}

/// What a door answered.
struct Reply: Sendable {
    let status: Int
    let headers: [(String, String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: Value { get throws { try Value(json: body) } }

    subscript(name: String) -> String? { headers.first { $0.0 == name }?.1 }
}

/// Talks to one door.
struct Client: Sendable {
    let http: HTTPClient
    let socket: String?
    let port: Int?

    init(socket: String? = nil, port: Int? = nil) throws {
        http = try library.get()
        self.socket = socket
        self.port = port
    }

    func request(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8] = []
    ) -> HTTPRequest {
        HTTPRequest(
            method: method,
            url: "http://127.0.0.1\(port.map { ":\($0)" } ?? "")\(path)",
            unixSocketPath: socket,
            headers: headers,
            body: body,
            totalTimeout: .seconds(20)
        )
    }

    func send(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> Reply {
        let response = try await http.send(request(method, path, headers: headers, body: body))
        return Reply(status: response.status, headers: response.headers, body: response.body)
    }

    func get(_ path: String, accept: String? = nil, headers: [(String, String)] = []) async throws -> Reply {
        try await send("GET", path, headers: headers + (accept.map { [("Accept", $0)] } ?? []))
    }

    func send(
        _ method: String,
        _ path: String,
        type: String = "application/json",
        _ body: Value
    ) async throws
        -> Reply
    {
        try await send(method, path, headers: [("Content-Type", type)], body: body.canonicalBytes)
    }

    /// Reads a stream's lines until `body` has seen enough.
    func lines<Result>(
        _ path: String,
        headers: [(String, String)] = [],
        _ body: (inout Lines) async throws -> Result
    ) async throws -> Result {
        let stream = try await http.stream(request("GET", path, headers: headers))
        var lines = Lines(status: stream.head.status, stream.makeAsyncIterator())
        return try await body(&lines)
    }
}

/// The lines of a response as they come.
struct Lines {
    let status: Int
    private var iterator: HTTPStream.AsyncIterator
    private var splitter = LineSplitter()
    private var ready: [String] = []

    init(status: Int, _ iterator: HTTPStream.AsyncIterator) {
        self.status = status
        self.iterator = iterator
    }

    /// The next line without its end; nil at the end of the body.
    mutating func next() async throws -> String? {
        while ready.isEmpty {
            guard let bytes = try await iterator.next() else { return nil }
            ready += try splitter.push(bytes).map { String(decoding: $0, as: UTF8.self) }
        }
        return ready.removeFirst()
    }

    /// The type and object's name (or a status's reason) of the next watch line.
    mutating func event() async throws -> String? {
        guard let line = try await next() else { return nil }
        let value = try Value(json: line)
        let object = value["object"]
        let name = object?.at("metadata", "name")?.string ?? object?["reason"]?.string ?? ""
        return "\(value["type"]?.string ?? "?") \(name)"
    }

    /// The next server-sent event as `id|event|data's type and name`; comments and the retry line are
    /// skipped.
    mutating func serverSentEvent() async throws -> String? {
        var fields: [String: String] = [:]
        while let line = try await next() {
            if line.isEmpty {
                guard let data = fields["data"] else { continue }
                let value = try Value(json: data)
                return
                    "\(fields["id"] ?? "-") \(fields["event"] ?? "") "
                    + "\(value.at("object", "metadata", "name")?.string ?? "")"
            }
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            if parts.count == 2 { fields[parts[0]] = String(parts[1].dropFirst()) }
        }
        return nil
    }
}

let quiet: Logger = {
    var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    logger.logLevel = .critical
    return logger
}()

/// Runs a door until `body` is done, which starts when the door listens.
func withDoor<Value: Sendable>(
    _ make: (@escaping @Sendable (DoorReport) -> Void) -> Door,
    _ body: (Int?) async throws -> Value
) async throws -> Value {
    let (reports, continuation) = AsyncStream<DoorReport>.makeStream()
    let door = make { continuation.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { continuation.finish() }
            try await door.run()
        }
        for await report in reports {
            guard case .listening(_, let port) = report else { continue }
            let value = try await body(port)
            group.cancelAll()
            // How a cancelled server ends is its own affair.
            while let result = await group.nextResult() { _ = result }
            return value
        }
        try await group.waitForAll()
        throw Failure(.internal, "the door ended before it listened")
    }
}

/// Runs the public door of an installation on a free port.
func withPublicDoor<Value: Sendable>(
    _ installation: Installation,
    hooks: HookPorts? = nil,
    anonymousRead: AnonymousRead = .everything,
    settings: DoorSettings = DoorSettings(),
    _ body: (Client) async throws -> Value
) async throws -> Value {
    try await withDoor({ report in
        .publicDoor(
            .tcp(host: "127.0.0.1", port: 0),
            ports: installation.reads,
            hooks: hooks,
            anonymousRead: anonymousRead,
            version: "0.1.0",
            settings: settings,
            logger: quiet,
            acquireSocket: takeLock,
            report: report
        )
    }) { port in try await body(Client(port: port)) }
}

/// Runs the control door of an installation on a socket of its own.
func withControlDoor<Value: Sendable>(
    _ installation: Installation,
    settings: DoorSettings = DoorSettings(),
    _ body: (Client) async throws -> Value
) async throws -> Value {
    try await withFolder { folder in
        let socket = "\(folder)/control.sock"
        return try await withDoor({ report in
            .control(
                socket: socket,
                ports: installation.reads,
                writes: installation.writes,
                version: "0.1.0",
                settings: settings,
                logger: quiet,
                acquireSocket: takeLock,
                report: report
            )
        }) { _ in try await body(Client(socket: socket)) }
    }
}
