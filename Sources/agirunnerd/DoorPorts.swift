import API
import Catalog
import Domain
import Reconciler
import Secrets
import Store
import Telemetry

func readPorts(_ store: Store, peers: PeerRule, metrics: MetricsRegistry) -> ReadPorts {
    ReadPorts(
        object: { try await store.object($0) },
        list: { try await store.list($0, limit: $1, after: $2, position: $3) },
        changes: { after, kinds, namespace, limit in
            let page = try await store.changes(after: after, kinds: kinds, namespace: namespace, limit: limit)
            return ChangePage(changes: page.changes, through: page.through)
        },
        waitForChange: { after, deadline in
            let ticket = store.bellTicket()
            guard store.horizon() <= after else { return }
            await store.waitBell(after: ticket, deadline: deadline)
        },
        horizon: { store.horizon() },
        events: { after, workflow, namespace, limit in
            try await store.events(after: after, workflow: workflow, namespace: namespace, limit: limit)
        },
        newestEvents: { through, workflow, namespace, limit in
            try await store.events(
                through: through,
                workflow: workflow,
                namespace: namespace,
                limit: limit,
                newestFirst: true
            )
        },
        logs: { key, after, limit in try await logs(of: key, after: after, limit: limit, store) },
        namespaces: {
            try await store.declaredNamespaces().union([ObjectKey.defaultNamespace]).sorted()
        },
        readiness: { await readiness(store) },
        metrics: { metrics.text() },
        columns: { columns(of: $0) },
        schema: { jsonSchema(kind: $0) },
        authorise: { subject, _, _, _ in peers.isOwner(subject: subject) },
        now: { Timestamp(microseconds: WallTime.now().milliseconds * 1000) }
    )
}

/// The columns of a kind: as it is described when it is declared, as the API has them when it is live.
private func columns(of kind: String) -> [TableColumn] {
    guard let shape = Registry.shape(for: kind) else { return tableColumns(kind: kind) }
    return shape.columns.map { column in
        var shown = TableColumn(title: column.title, path: column.path, type: shape.type(of: column))
        shown.otherPath = column.otherPath
        shown.priority = column.isWide ? 1 : 0
        return shown
    }
}

private func logs(of key: ObjectKey, after: Int64, limit: Int, _ store: Store) async throws -> [LogEntry] {
    guard let uid = try await store.object(key)?.metadata.uid else {
        throw Failure(.notFound, "\(key) does not exist")
    }
    let entries = try await store.logs(of: uid, after: after, limit: limit)
    let names = try await store.names(of: Set(entries.map(\.attemptUID)))
    return entries.map { entry in
        LogEntry(
            attempt: names[entry.attemptUID] ?? entry.attemptUID.text,
            line: entry.line,
            cursor: entry.cursor
        )
    }
}

private func readiness(_ store: Store) async -> [ReadinessCheck] {
    do {
        _ = try await store.installation()
        return [ReadinessCheck(name: "database", isReady: true, message: "answers")]
    } catch {
        return [ReadinessCheck(name: "database", isReady: false, message: "does not answer")]
    }
}

func writePorts(_ store: Store) -> WritePorts {
    WritePorts(
        write: { try await write($0, store) },
        delete: { request in
            guard let object = try await store.object(request.key) else {
                throw Failure(.notFound, "\(request.key) does not exist")
            }
            let position = try await store.removeOne(
                request.key,
                actor: request.actor,
                expectedUID: request.uid,
                expectedResourceVersion: request.resourceVersion,
                isDryRun: request.isDryRun
            )
            if !request.isDryRun { await untilShown(position, store) }
            return object
        },
        validate: { value in
            let name = value.at("metadata", "name")?.string ?? ""
            let kind = value["kind"]?.string ?? ""
            let isNamespaced = Kind.named(kind)?.isNamespaced == true
            let namespace =
                isNamespaced ? value.at("metadata", "namespace")?.string ?? ObjectKey.defaultNamespace : nil
            let key = ObjectKey(kind, namespace: namespace, name: name)
            return Loader().load(value, options: try await doorOptions("/validate", key, store)).diagnostics
        },
        randomBytes: { randomBytes($0) }
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
