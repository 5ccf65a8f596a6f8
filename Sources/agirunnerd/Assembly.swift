import API
import Domain
import GitSources
import Glibc
import Logging
import Reconciler
import Secrets
import ServiceLifecycle
import Store
import Telemetry
import UnixSignals

/// Puts the control plane together: the store, the loop with its controllers, and the doors.
struct Assembly {
    let daemon: Daemon
    let telemetry: Telemetry
    let logger: Logger
    private let peers = PeerRule(owner: getuid())

    init(daemon: Daemon, telemetry: Telemetry, logger: Logger) {
        self.daemon = daemon
        self.telemetry = telemetry
        self.logger = logger
    }

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
        let secrets = SecretReader(
            stored: { try await store.stored($0) },
            register: { [redaction = telemetry.redaction] in redaction.register($0) },
            sealed: SealedSecrets(keyFile: daemon.sealingKeyFile)
        )
        let repositories = repositoryPorts(store, secrets)
        let sources = SourceRepositories(folder: "\(daemon.state)/mirrors", ports: repositories)
        let watch = SourceWatch(ports: repositories)
        let controllers = controllers(store, sources, secrets)
        let dispatcher = Dispatcher(ports: dispatchPorts(store), lease: daemon.lease)
        let timers = Timers(dispatcher: dispatcher, heartbeat: daemon.heartbeat) {
            try await store.sweepWorkers(degradedAfter: $0, disconnectedAfter: $1, offlineAfter: $2)
        }
        let outage = QueueOutage(tell: warning("The queue of keys cannot be asked; it is tried again"))
        if let url = daemon.bootstrapSource { try await bootstrap(url, store) }
        var services = ServiceGroupConfiguration(
            services: [
                Loop { try await store.run() },
                Loop { await reconcileLoop(store, controllers, .only(remote), 4, outage).run() },
                Loop { await reconcileLoop(store, controllers, .allBut(remote), 2, outage).run() },
                Loop { await giveBackMemory() },
                Loop { await watch.run(report: warning("Local repositories cannot be watched")) },
                Loop { await timers.run(report: warning("Timers could not be fired")) },
            ].map { .init(service: $0) }
                + (try doors(store, dispatcher, secrets)).map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            cancellationSignals: [.sigquit],
            logger: logger
        )
        // Less than the 20 s after which `agirunner up` hurries.
        services.maximumGracefulShutdownDuration = .seconds(15)
        try await ServiceGroup(configuration: services).run()
    }

    private func warning(_ message: Logger.Message) -> @Sendable (any Error) -> Void {
        { [logger] in logger.warning(message, metadata: ["error": "\($0)"]) }
    }

    /// Kinds whose controllers wait for other machines: those that keep silent must hold up nothing else.
    private var remote: [String] { [ControlledKind.gitSource.rawValue] }

    private func controllers(
        _ store: Store,
        _ sources: SourceRepositories,
        _ secrets: SecretReader
    ) -> [String: ReconcileLoop.Controller] {
        let objects = objectPorts(store)
        let runs = runPorts(store)
        let controllers = ControlledKind.allCases.map { kind -> (String, ReconcileLoop.Controller) in
            let controller: ReconcileLoop.Controller =
                switch kind {
                case .decision:
                    DecisionController(objects: objects, runs: runs, introducer: sources.introducer).reconcile
                case .gitSource: SourceController(objects: objects, source: sources.sourcePorts).reconcile
                case .secretStore:
                    SecretStoreController(
                        objects: objects,
                        sealingKey: secrets.sealed.sealingKey,
                        check: secrets.check
                    ).reconcile
                case .workflow: WorkflowController(objects: objects, runs: runs).reconcile
                }
            return (kind.rawValue, timed(kind, controller))
        }
        return Dictionary(uniqueKeysWithValues: controllers)
    }

    private func reconcileLoop(
        _ store: Store,
        _ controllers: [String: ReconcileLoop.Controller],
        _ lane: KeyLane,
        _ workers: Int,
        _ outage: QueueOutage
    ) -> ReconcileLoop {
        let logger = Logger(label: "reconciler")
        return ReconcileLoop(
            queue: queuePorts(store, claimer: "agirunnerd-\(daemon.state)", lane: lane),
            controllers: controllers,
            workers: workers,
            isOvertakable: lane == .only(remote),
            outage: outage
        ) { claimed, outcome in
            guard case .failed(let failure) = outcome else { return }
            logger.warning("A controller failed", metadata: ["key": "\(claimed.key)", "error": "\(failure)"])
        }
    }

    /// Makes the GitSource `main`, or has the one there is looked at.
    private func bootstrap(_ url: String, _ store: Store) async throws {
        let declared = try firstSource(url: url, appliedBy: peers.subject)
        do {
            _ = try await store.applyOne(declared, mode: .create, actor: peers.subject, newUID: newUID)
            logger.notice("Made GitSource/main", metadata: ["url": "\(url)"])
        } catch let failure as Failure where failure.code == .alreadyExists {
            try await store.mark([Mark(declared.object.key, priority: .people)])
        }
    }

    private func doors(
        _ store: Store,
        _ dispatcher: Dispatcher,
        _ secrets: SecretReader
    ) throws -> [Door] {
        let reads = readPorts(store, peers: peers, metrics: telemetry.metrics)
        let fleetToken = try readToken(daemon.fleetTokenFile)
        telemetry.redaction.register(fleetToken)
        let roster = rosterPorts(store)
        let workers = WorkerDesk(
            roster: roster,
            dispatcher: dispatcher,
            peers: peers,
            heartbeat: daemon.heartbeat,
            lease: daemon.lease
        )
        let fleet = FleetDesk(roster: roster, peers: peers, token: fleetToken)
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
                ports: workerPorts(workers, fleet),
                logger: logger,
                acquireSocket: holdSocket,
                report: report
            ),
            .publicDoor(
                .tcp(host: "127.0.0.1", port: daemon.publicPort),
                ports: reads,
                hooks: hookPorts(store, secrets, logger),
                anonymousRead: daemon.anonymousRead,
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
let contentDigest: @Sendable ([UInt8]) -> Digest = { Digest(digestText($0)) }
