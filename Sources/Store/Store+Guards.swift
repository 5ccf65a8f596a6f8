package import Domain

/// The statements of what keeps objects from being deleted.
enum GuardStatement: String, Statement, CaseIterable {
    /// Those of some objects that runs use which have not ended, each with the first such run by name.
    case inUse = """
        SELECT DISTINCT ON (u.kind, w.namespace, u.name) u.kind, w.namespace, u.name, w.name AS run
        FROM workflows w JOIN pins p ON p.digest = w.pin
        CROSS JOIN LATERAL (
            SELECT 'Playbook' AS kind, p.body ->> 'playbookName' AS name
            UNION ALL SELECT 'Workspace', p.body ->> 'workspaceName'
            UNION ALL SELECT 'SecretStore', p.body #>> '{workspace,secretRef,store}'
            UNION ALL SELECT 'Role', jsonb_object_keys(p.body -> 'roles')
            UNION ALL SELECT 'Skill', jsonb_object_keys(p.body -> 'skills')
            UNION ALL SELECT 'ToolProfile', jsonb_object_keys(p.body -> 'toolProfiles')
            UNION ALL SELECT 'RuntimeProfile', jsonb_object_keys(p.body -> 'runtimeProfiles')
            UNION ALL SELECT 'ModelRoute', jsonb_object_keys(p.body -> 'modelRoutes')
            UNION ALL SELECT 'ModelProvider', jsonb_object_keys(p.body -> 'modelProviders')
        ) u
        JOIN unnest($1::text[], $2::text[], $3::text[]) k (kind, namespace, name)
            ON (u.kind, w.namespace, u.name) = (k.kind, k.namespace, k.name)
        WHERE w.finished_at IS NULL
        ORDER BY u.kind, w.namespace, u.name, w.name
        """
    /// Those of some names that the work items of runs have.
    case liveItems = """
        SELECT t.namespace, t.name, t.workflow FROM work_items t
        JOIN unnest($1::text[], $2::text[]) w (namespace, name)
            ON (t.namespace, t.name) = (w.namespace, w.name)
        """
}

extension Store {
    /// Those of some objects that unfinished runs use, each with the name of one such run.
    ///
    /// A run goes on with what it was started with, so nothing would stop at once; but whoever looks at the
    /// run finds what it follows.
    package func inUse(_ keys: [ObjectKey]) async throws -> [ObjectKey: String] {
        guard !keys.isEmpty else { return [:] }
        return try await read { try $0.inUse(keys) }
    }

    /// Those of some objects that runs have and nobody declares, each with the name of its run.
    package func live(_ keys: [ObjectKey]) async throws -> [ObjectKey: String] {
        guard keys.contains(where: { $0.kind == WorkItemRecord.kind }) else { return [:] }
        return try await read { try $0.live(keys) }
    }

    /// Refuses to write an object that a run has and nobody declares.
    ///
    /// - Throws: `Failure.conflict`, reason `live`.
    package func refuseLive(_ key: ObjectKey) async throws {
        guard key.kind == WorkItemRecord.kind else { return }
        try await read { try $0.refuseLive([key]) }
    }
}

extension Session {
    fileprivate func inUse(_ keys: [ObjectKey]) throws -> [ObjectKey: String] {
        let found = try rows(GuardStatement.inUse, of: keys)
        let users = try found.map { (try $0.key(), try $0.text("run")) }
        return Dictionary(users, uniquingKeysWith: { first, _ in first })
    }

    fileprivate func live(_ keys: [ObjectKey]) throws -> [ObjectKey: String] {
        let items = keys.filter { $0.kind == WorkItemRecord.kind }
        guard !items.isEmpty else { return [:] }
        let namespaces = items.map { $0.namespace ?? "" }
        let found = try rows(GuardStatement.liveItems, namespaces, items.map(\.name)).map { row in
            let (namespace, name) = (try row.text("namespace"), try row.text("name"))
            let key = ObjectKey(WorkItemRecord.kind, namespace: namespace, name: name)
            return (key, try row.text("workflow"))
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// Refuses to write objects that are not declared where runs have what is called so.
    ///
    /// Nothing keeps a run from giving an item such a name a moment later; then the declared one is shown.
    func refuseLive(_ keys: [ObjectKey]) throws {
        guard let (key, run) = try live(keys).min(by: { $0.key < $1.key }) else { return }
        throw Failure(
            .conflict,
            "\(key) belongs to Workflow/\(run) and is written by controllers alone: it can be neither "
                + "changed nor deleted, and what is declared needs another name",
            reason: "live"
        )
    }

    /// Refuses to remove what is protected, and what a run uses that has not ended.
    func refuseRemoval(_ stored: Stored) throws {
        let key = stored.object.key
        if PruneHold.protects(stored.object.metadata.annotations) {
            throw Failure(
                .forbidden,
                "\(key) is protected from deletion; take its annotation \(PruneHold.protection) away first",
                reason: "deletion_protected"
            )
        }
        if let run = try inUse([key])[key] {
            throw Failure(
                .conflict,
                "\(key) is used by Workflow/\(run), which has not ended; cancel it or wait for its end",
                reason: "in_use"
            )
        }
    }
}
