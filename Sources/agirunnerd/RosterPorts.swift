import API
import Catalog
import Domain
import GitSources
import Reconciler
import Secrets
import Store
import Telemetry

func rosterPorts(_ store: Store) -> RosterPorts {
    RosterPorts(
        worker: { try await store.worker(tokenDigest: $0) },
        workers: { try await store.workers() },
        register: { try await store.registerWorker($0, tokenDigest: $1, actor: $2) },
        touch: { try await store.touchWorker($0) },
        move: { try await store.setWorkerState($0, $1, actor: $2) },
        appendLogs: { try await store.appendLogs($0, $1) },
        runtimes: { try await store.runtimes() },
        provision: { try await store.provisionRuntime($0, actor: $1) },
        settle: { try await store.setRuntimeState($0, $1, message: $2, actor: $3) },
        pools: { try await store.storedObjects(kind: "RuntimePool", namespace: nil) },
        load: {
            let counts = try await store.fleetCounts()
            return (ready: counts.readyTasks, live: counts.liveAttempts)
        },
        now: { try await store.now() },
        newUID: newUID,
        newToken: { randomToken() },
        digest: contentDigest
    )
}

func workerPorts(_ workers: WorkerDesk, _ fleet: FleetDesk) -> WorkerPorts {
    WorkerPorts(
        register: workers.register,
        heartbeat: workers.heartbeat,
        claim: workers.claim,
        begin: workers.begin,
        announce: workers.announce,
        report: workers.report,
        logs: workers.logs,
        fleetSnapshot: fleet.snapshot,
        provision: fleet.provision,
        inventory: fleet.inventory
    )
}

func repositoryPorts(_ store: Store, _ secrets: SecretReader) -> RepositoryPorts {
    RepositoryPorts(
        others: { source, known in
            let kinds = LoadOptions.kindsReadOfOthers
            let others = try await store.othersDeclared(than: source, known: known, kinds: kinds)
            return OtherObjects(version: others.version, specs: others.specs)
        },
        storedAmong: { try await store.storedObjects($0) },
        sources: { try await store.storedObjects(kind: "GitSource", namespace: nil) },
        policies: { try await store.storedObjects(kind: "Policy", namespace: nil) },
        mark: { try await store.mark($0.map { Mark($0, priority: .webhook) }) },
        credential: secrets.credential,
        ticket: { store.bellTicket() },
        wait: { await store.waitBell(after: $0, deadline: $1) },
        report: { cost in
            count("agirunner_blobs_read", cost.blobsRead)
            count("agirunner_blobs_parsed", cost.blobsParsed)
        }
    )
}
