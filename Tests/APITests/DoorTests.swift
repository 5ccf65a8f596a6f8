import Domain
import Foundation
import ServiceLifecycle
import Testing
import Threads

@testable import API

private let sample = [
    "plural": "workflows", "namespace": "default", "name": "a",
]

/// A path that a pattern matches.
private func path(_ pattern: RoutePattern) -> String {
    pattern.description.split(separator: "/").map { segment in
        "/"
            + (segment.hasPrefix("{")
                ? sample[String(segment.dropFirst().dropLast())] ?? "x" : String(segment))
    }.joined()
}

private func reads(_ installation: Installation) -> [ReadRoute] {
    let streams = Streams(ports: installation.reads, settings: DoorSettings())
    return readRoutes(installation.reads, streams, writes: false, version: "1")
}

@Suite struct DoorTests {
    @Test func `the public door writes nothing at any path of any door`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a")
        let door = Door.publicDoor(
            .tcp(host: "127.0.0.1", port: 0),
            ports: installation.reads,
            anonymousRead: .everything,
            version: "1",
            logger: quiet,
            acquireSocket: takeLock,
            report: { _ in }
        )
        #expect(door.responder.routes.writes.isEmpty)
        #expect(!door.responder.routes.reads.isEmpty)
        let writePaths = writeRoutes(installation.reads, installation.writes, bodyLimit: 100).map {
            path($0.pattern)
        }
        let paths = Set(reads(installation).map { path($0.pattern) } + writePaths).sorted()
        try await withPublicDoor(installation) { (client) async throws in
            for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "MKCOL"] {
                for path in paths {
                    let reply = try await client.send(method, path)
                    #expect([404, 405].contains(reply.status), "\(method) \(path) \(reply.status)")
                }
            }
        }
        #expect(installation.update { $0.writes.isEmpty && $0.deletes.isEmpty && $0.objects.count == 1 })
    }

    @Test func `a stranger learns of health alone`() async throws {
        let installation = Installation()
        installation.put("Workflow", "a")
        let routes = reads(installation)
        let open = ["/healthz", "/livez", "/readyz", "/metrics"]
        #expect(Set(open).isSubset(of: routes.map { path($0.pattern) }))
        try await withPublicDoor(installation, anonymousRead: .health) { (client) async throws in
            for path in routes.map({ path($0.pattern) }) {
                let reply = try await client.get(path)
                #expect(reply.status == (open.contains(path) ? 200 : 401), "\(path) \(reply.text)")
            }
        }
        installation.update { $0.allows = false }
        try await withControlDoor(installation) { (client) async throws in
            for path in routes.map({ path($0.pattern) }) where !open.contains(path) {
                let reply = try await client.get(path)
                #expect(reply.status == 403, "\(path) \(reply.text)")
            }
            for route in writeRoutes(installation.reads, installation.writes, bodyLimit: 100) {
                let reply = try await client.send(route.method.rawValue, path(route.pattern))
                #expect(reply.status == 403, "\(route.method) \(route.pattern) \(reply.text)")
            }
            #expect(try await client.get("/healthz").status == 200)
        }
        #expect(installation.update { $0.subjects } == ["unix:\(userID())"])
        #expect(installation.update { $0.writes.isEmpty && $0.deletes.isEmpty })
    }

    @Test func `health, readiness and metrics are plain text`() async throws {
        let installation = Installation()
        try await withPublicDoor(installation) { (client) async throws in
            #expect(try await client.get("/healthz").text == "ok\n")
            #expect(try await client.get("/readyz").text == "[+]store ok\nready\n")
            let metrics = try await client.get("/metrics")
            #expect(metrics["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics.text.contains("up 1"))
            installation.update { $0.failure = Failure(.unavailable, "no") }
            let reply = try await client.get("/readyz")
            #expect(reply.status == 503)
            #expect(reply.text == "[-]store down\nnot ready\n")
        }
    }

    @Test(arguments: [
        (Failure.Code.internal, 500, "InternalError"), (.corrupted, 500, "InternalError"),
        (.unavailable, 503, "ServiceUnavailable"), (.timeout, 504, "Timeout"),
        (.exhausted, 429, "TooManyRequests"), (.expired, 410, "Expired"), (.forbidden, 403, "Forbidden"),
        (.unauthenticated, 401, "Unauthorized"), (.invalid, 422, "Invalid"), (.conflict, 409, "Conflict"),
        (.notFound, 404, "NotFound"), (.alreadyExists, 409, "AlreadyExists"),
    ])
    func `failures have their status, and ours keep their words to the log`(
        code: Failure.Code,
        status: Int,
        reason: String
    ) async throws {
        let installation = Installation()
        let cause = Failure(.internal, "SELECT secret FROM hidden")
        installation.update {
            $0.failure = Failure(code, "INSERT INTO words", outside: "42P01", cause: cause)
        }
        try await withPublicDoor(installation) { (client) async throws in
            let reply = try await client.get("/apis/agirunner.dev/v1/workflows")
            #expect(reply.status == status)
            #expect(try reply.json["reason"] == .string(reason))
            #expect(!reply.text.contains("SELECT") && !reply.text.contains("42P01"))
            if status >= 500 { #expect(!reply.text.contains("INSERT")) }
        }
    }

    @Test func `too many header bytes are refused`() async throws {
        try await withPublicDoor(Installation()) { (client) async throws in
            let headers = (0..<30).map { ("X-\($0)", String(repeating: "x", count: 4000)) }
            #expect(try await client.get("/healthz", headers: headers).status == 400)
        }
    }

    @Test func `a socket with a long path is refused in words`() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 110)
        await #expect {
            try await withDoor({ report in control(path, Installation(), report) }) { _ in }
        } throws: { error in
            (error as? Failure)?.code == .invalid && "\(error)".contains("at most 107 bytes")
        }
    }

    @Test func `a live socket is not taken over, a stale one is replaced, and a closed one is removed`()
        async throws
    {
        try await withFolder { folder in
            let path = "\(folder)/control.sock"
            try await withDoor({ report in control(path, Installation(), report) }) { _ in
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                await #expect {
                    try await withDoor({ report in control(path, Installation(), report) }) { _ in }
                } throws: { error in
                    (error as? Failure)?.code == .conflict
                }
                #expect(try await Client(socket: path).get("/healthz").status == 200)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
            try await leaveStaleSocket(path)
            #expect(FileManager.default.fileExists(atPath: path))
            try await withDoor({ report in control(path, Installation(), report) }) { (_) async throws in
                #expect(try await Client(socket: path).get("/healthz").status == 200)
            }
        }
    }

    @Test func `a busy port is reported and tried again until it is free`() async throws {
        let installation = Installation()
        let (reports, continuation) = AsyncStream<DoorReport>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let port = try await withPublicDoor(installation) { (first) async throws in
                let port = try #require(first.port)
                let second = Door.publicDoor(
                    .tcp(host: "127.0.0.1", port: port),
                    ports: installation.reads,
                    anonymousRead: .everything,
                    version: "1",
                    logger: quiet,
                    acquireSocket: takeLock,
                    report: { continuation.yield($0) }
                )
                group.addTask { try await second.run() }
                // While the port is taken the door keeps trying, ever more slowly.
                #expect(await next(reports) == .busy(second.address, retryIn: .milliseconds(250)))
                #expect(await next(reports) == .busy(second.address, retryIn: .milliseconds(500)))
                return port
            }
            while let report = await next(reports) {
                if case .listening(_, let free) = report {
                    #expect(free == port)
                    break
                }
            }
            #expect(try await Client(port: port).get("/healthz").status == 200)
            group.cancelAll()
            while let result = await group.nextResult() { _ = result }
        }
    }

    @Test func `a shutdown ends watches and leaves nothing behind`() async throws {
        let installation = Installation()
        try await withFolder { folder in
            let path = "\(folder)/control.sock"
            let (reports, continuation) = AsyncStream<DoorReport>.makeStream()
            let door = control(path, installation) { continuation.yield($0) }
            let services = ServiceGroup(services: [door], logger: quiet)
            try await withDeadline(.seconds(20)) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await services.run() }
                    #expect(await next(reports) == .listening(door.address, port: nil))
                    let tasks = "/apis/agirunner.dev/v1/tasks?watch=1&resourceVersion=100"
                    try await Client(socket: path).lines(tasks) { (lines) async throws in
                        installation.put("Task", "t")
                        #expect(try await lines.event() == "ADDED t")
                        await services.triggerGracefulShutdown()
                        #expect(try await lines.next() == nil)
                    }
                    try await group.waitForAll()
                    #expect(await next(reports) == .closed(door.address))
                }
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(.enabled(if: userID() == 0, "only root can connect as somebody else"))
    func `the peer's user comes from the kernel`() async throws {
        let installation = Installation()
        let path = "/tmp/ag." + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        try await withDoor({ report in
            .control(
                socket: path,
                mode: 0o666,
                ports: installation.reads,
                writes: installation.writes,
                version: "1",
                logger: quiet,
                acquireSocket: takeLock,
                report: report
            )
        }) { (_) async throws in
            let account = Command.Account(userID: 65_534, groupID: 65_534)
            let curl = Command(
                executable: "/usr/bin/curl",
                arguments: ["-sS", "--unix-socket", path, "http://x/apis"],
                environment: [:],
                directory: "/",
                account: account
            )
            let output = try await ChildProcess(curl).run(until: .after(.seconds(20)))
            #expect(output.succeeded)
        }
        try FileManager.default.removeItem(atPath: path + ".lock")
        #expect(installation.update { $0.subjects } == ["unix:65534"])
    }

    private func control(
        _ path: String,
        _ installation: Installation = Installation(),
        _ report: @escaping @Sendable (DoorReport) -> Void
    ) -> Door {
        .control(
            socket: path,
            ports: installation.reads,
            writes: installation.writes,
            version: "1",
            logger: quiet,
            acquireSocket: takeLock,
            report: report
        )
    }

    private func next(_ reports: AsyncStream<DoorReport>) async -> DoorReport? {
        await reports.first { _ in true }
    }

    /// A socket whose server is gone, as after `kill -9`.
    private func leaveStaleSocket(_ path: String) async throws {
        let script = "import socket; socket.socket(socket.AF_UNIX).bind('\(path)')"
        let python = Command(executable: "/usr/bin/python3", arguments: ["-c", script], environment: [:])
        #expect(try await ChildProcess(python).run(until: .after(.seconds(20))).succeeded)
    }
}
