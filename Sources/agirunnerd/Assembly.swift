import API
import Catalog
import Domain
import Logging
import Reconciler
import Secrets
import ServiceLifecycle
import Store
import Synchronization
import Telemetry
import Threads
import UnixSignals

/// Puts the control plane together: the store, the loop with its controllers, and the doors.
struct Assembly {
    let daemon: Daemon
    let telemetry: Telemetry
    let logger: Logger

    func run() async throws {
        let store = Store(
            settings: StoreSettings(
                host: daemon.databaseSocket,
                database: daemon.databaseUser,
                user: daemon.databaseUser
            ),
            logger: Logger(label: "store")
        )
        defer { store.close() }
        try await store.migrate()
        let sources = SourceRepositories(state: daemon.state, store: store)
        let dispatcher = Dispatcher(
            ports: dispatchPorts(store),
            lease: Duration(text: daemon.lease) ?? .seconds(30)
        )
        if let url = daemon.bootstrapSource { try await bootstrap(url, store) }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    Loop { try await store.run() },
                    Loop { await reconcileLoop(store, sources).run() },
                    Loop { await sources.watch(logger: logger) },
                    Loop { await sweep(store, dispatcher) },
                ].map { .init(service: $0) } + (try doors(store, dispatcher)).map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                cancellationSignals: [.sigquit],
                logger: logger
            )
        )
        try await group.run()
    }

    private func reconcileLoop(_ store: Store, _ sources: SourceRepositories) -> ReconcileLoop {
        let objects = objectPorts(store)
        let runs = runPorts(store)
        let controllers = ControlledKind.allCases.map { kind -> (String, ReconcileLoop.Controller) in
            let controller: ReconcileLoop.Controller =
                switch kind {
                case .decision: DecisionController(objects: objects, runs: runs).reconcile
                case .gitSource: SourceController(objects: objects, source: sources.ports).reconcile
                case .workflow: WorkflowController(objects: objects, runs: runs).reconcile
                }
            return (kind.rawValue, controller)
        }
        let logger = Logger(label: "reconciler")
        return ReconcileLoop(
            queue: queuePorts(store, claimer: "agirunnerd-\(daemon.state)"),
            controllers: Dictionary(uniqueKeysWithValues: controllers),
            workers: 2
        ) { claimed, outcome in
            guard case .failed(let failure) = outcome else { return }
            logger.warning("A controller failed", metadata: ["key": "\(claimed.key)", "error": "\(failure)"])
        }
    }

    /// Fires timers every second; a store that cannot be reached is tried again with the next one.
    private func sweep(_ store: Store, _ dispatcher: Dispatcher) async {
        let beat = Duration(text: daemon.heartbeat) ?? .seconds(5)
        while !Task.isCancelled {
            do {
                try await dispatcher.sweep()
                _ = try await store.sweepWorkers(
                    degradedAfter: beat * 2,
                    disconnectedAfter: beat * 3,
                    offlineAfter: beat * 60
                )
            } catch {
                logger.warning("Timers could not be fired", metadata: ["error": "\(error)"])
            }
            // Ends early on cancellation, which the loop condition sees.
            try? await ContinuousClock().sleep(for: .seconds(1))
        }
    }

    /// Makes the GitSource `main`, whose grants name every kind but AccessBinding and SecretStore.
    private func bootstrap(_ url: String, _ store: Store) async throws {
        let kinds = Kind.all.filter { $0.isDeclared && !["AccessBinding", "SecretStore"].contains($0.name) }
        let object: Value = [
            "apiVersion": .string(Kind.apiVersion), "kind": "GitSource", "metadata": ["name": "main"],
            "spec": [
                "url": .string(url), "ref": ["branch": "main"],
                "grants": ["namespaces": ["*"], "kinds": .strings(kinds.map(\.name))],
            ],
        ]
        var options = LoadOptions()
        options.appliedBy = "unix:\(PeerRule.ownUserID)"
        let declared = try Loader().validate(object, options: options).get()
        do {
            _ = try await store.applyOne(
                declared,
                mode: .create,
                actor: options.appliedBy,
                newUID: newUID
            )
            logger.notice("Made GitSource/main", metadata: ["url": "\(url)"])
        } catch let failure as Failure where failure.code == .alreadyExists {
            try await store.mark([Mark(declared.object.key, priority: .people)])
        }
    }

    private func doors(_ store: Store, _ dispatcher: Dispatcher) throws -> [Door] {
        let reads = readPorts(store, metrics: telemetry.metrics)
        let anonymous = AnonymousRead(rawValue: daemon.anonymousRead) ?? .health
        let fleetToken = try readToken(daemon.fleetTokenFile)
        telemetry.redaction.register(fleetToken)
        let desk = WorkerDesk(
            store: store,
            dispatcher: dispatcher,
            fleet: FleetDesk(store: store, token: fleetToken),
            heartbeat: Duration(text: daemon.heartbeat) ?? .seconds(5),
            lease: Duration(text: daemon.lease) ?? .seconds(30)
        )
        let logger = Logger(label: "api")
        let report: @Sendable (DoorReport) -> Void = { logger.notice("Door", metadata: ["report": "\($0)"]) }
        return [
            .control(
                socket: "\(daemon.state)/run/control.sock",
                ports: reads,
                writes: writePorts(store),
                version: productVersion,
                logger: logger,
                acquireSocket: holdSocket,
                report: report
            ),
            .workers(
                socket: "\(daemon.state)/run/worker.sock",
                ports: desk.ports,
                logger: logger,
                acquireSocket: holdSocket,
                report: report
            ),
            .publicDoor(
                .tcp(host: "127.0.0.1", port: daemon.publicPort),
                ports: reads,
                anonymousRead: anonymous,
                version: productVersion,
                logger: logger,
                acquireSocket: holdSocket,
                report: report
            ),
        ]
    }
}

/// A loop as a service: a graceful shutdown cancels it, because it has nothing to drain.
private struct Loop: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws { try await cancelWhenGracefulShutdown(body) }
}

/// Random uids.
let newUID: @Sendable () -> UID = { UID(bytes: randomBytes(16)) }

/// SHA-256 as a digest.
let contentDigest: @Sendable ([UInt8]) -> Digest = { Digest("sha256:" + hex(sha256($0))) }

/// Holds a socket's lock file until the door closes.
private let holdSocket: @Sendable (String) async throws -> SocketHold = { path in
    let hold = LockBox(try FileLock(path: path))
    return SocketHold { hold.release() }
}

/// A lock that a closure can hold, because a noncopyable value cannot be captured.
private final class LockBox: Sendable {
    private let lock: Mutex<FileLock?>

    init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

    func release() { lock.withLock { $0 = nil } }
}
