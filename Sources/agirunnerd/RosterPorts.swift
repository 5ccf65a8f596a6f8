import Domain
import Reconciler
import Secrets
import Store

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
