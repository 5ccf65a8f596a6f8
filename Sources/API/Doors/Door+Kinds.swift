import Domain
import Hummingbird
package import Logging

/// What someone whom the public door does not know may read.
package enum AnonymousRead: String, Sendable, CaseIterable {
    case everything
    /// Health, readiness and metrics.
    case health
}

extension Door {
    /// The public door: it can only read, whatever it is asked, but for hooks, which can only have a source
    /// looked at.
    ///
    /// `report` hears when it listens, when its port is busy, and when it closed.
    package static func publicDoor(
        _ address: DoorAddress,
        ports: ReadPorts,
        hooks: HookPorts? = nil,
        anonymousRead: AnonymousRead,
        version: String,
        settings: DoorSettings = DoorSettings(),
        logger: Logger,
        acquireSocket: @escaping @Sendable (_ lockPath: String) async throws -> SocketHold,
        report: @escaping @Sendable (DoorReport) -> Void
    ) -> Door {
        let streams = Streams(ports: ports, settings: settings)
        return Door(
            name: "public",
            address: address,
            responder: DoorResponder(
                routes: RouteTable(
                    reads: readRoutes(ports, streams, writes: false, version: version),
                    writes: hooks.map { [hookRoute($0, now: ports.now)] } ?? []
                ),
                knowsPeers: false,
                authorise: { _, _, _, _ in anonymousRead == .everything },
                deadline: settings.handlerDeadline
            ),
            settings: settings,
            acquireSocket: acquireSocket,
            report: report,
            logger: logger
        )
    }

    /// The control door, on a unix socket that tells who its callers are: it reads and writes.
    package static func control(
        socket path: String,
        mode: UInt32 = 0o600,
        ports: ReadPorts,
        writes: WritePorts,
        version: String,
        settings: DoorSettings = DoorSettings(),
        logger: Logger,
        acquireSocket: @escaping @Sendable (_ lockPath: String) async throws -> SocketHold,
        report: @escaping @Sendable (DoorReport) -> Void
    ) -> Door {
        let streams = Streams(ports: ports, settings: settings)
        let table = RouteTable(
            reads: readRoutes(ports, streams, writes: true, version: version),
            writes: writeRoutes(ports, writes, bodyLimit: settings.bodyLimit)
        )
        return Door(
            name: "control",
            address: .unix(path: path, mode: mode),
            responder: DoorResponder(
                routes: table,
                knowsPeers: true,
                authorise: { caller, verb, kind, namespace in
                    try await ports.authorise(caller.subject, verb, kind, namespace)
                },
                deadline: settings.handlerDeadline
            ),
            settings: settings,
            acquireSocket: acquireSocket,
            report: report,
            logger: logger
        )
    }

    /// The workers' door, on a unix socket; every port judges the token and the peer's user itself.
    package static func workers(
        socket path: String,
        mode: UInt32 = 0o660,
        ports: WorkerPorts,
        settings: DoorSettings = DoorSettings(),
        logger: Logger,
        acquireSocket: @escaping @Sendable (_ lockPath: String) async throws -> SocketHold,
        report: @escaping @Sendable (DoorReport) -> Void
    ) -> Door {
        Door(
            name: "workers",
            address: .unix(path: path, mode: mode),
            responder: DoorResponder(
                routes: RouteTable(reads: [], writes: workerRoutes(ports, bodyLimit: settings.bodyLimit)),
                knowsPeers: true,
                authorise: { _, _, _, _ in true },
                deadline: settings.handlerDeadline
            ),
            settings: settings,
            acquireSocket: acquireSocket,
            report: report,
            logger: logger
        )
    }
}

/// What the control door writes.
func writeRoutes(_ reads: ReadPorts, _ writes: WritePorts, bodyLimit: Int) -> [WriteRoute] {
    let resources = ResourceWriter(reads: reads, writes: writes, bodyLimit: bodyLimit)
    let base = "/apis/\(Kind.apiVersion)"
    let many = ["\(base)/namespaces/{namespace}/{plural}", "\(base)/{plural}"]
    return many.map { WriteRoute(.post, $0, resources.create) }
        + many.flatMap { path in
            [
                WriteRoute(.put, "\(path)/{name}", resources.replace),
                WriteRoute(.patch, "\(path)/{name}", resources.patch),
                WriteRoute(.delete, "\(path)/{name}", resources.delete),
            ]
        }
        + [
            WriteRoute(.post, "/validate") { call in
                let diagnostics = try await writes.validate(try await call.jsonBody(upTo: bodyLimit))
                return json(["diagnostics": try Value(encoding: diagnostics.sorted())])
            }
        ]
}
