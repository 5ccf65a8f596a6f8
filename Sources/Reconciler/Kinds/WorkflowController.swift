package import Domain
import Workflows

/// Starts declared runs, and tells running ones what their file asks for now.
package struct WorkflowController: Sendable {
    private let objects: ObjectPorts
    private let runs: RunPorts

    /// A controller of its ports.
    package init(objects: ObjectPorts, runs: RunPorts) {
        self.objects = objects
        self.runs = runs
    }

    /// One look at a Workflow.
    package func reconcile(_ claimed: ClaimedKey) async -> Outcome {
        do {
            guard let stored = try await objects.stored(claimed.key), let uid = stored.object.metadata.uid
            else {
                return .done
            }
            let spec: WorkflowSpec = try (stored.object.spec ?? [:]).decode()
            guard let (run, _) = try await runs.run(uid) else {
                return try await start(stored, spec, uid, claimed)
            }
            return try await refresh(run, stored, spec, claimed)
        } catch let failure as Failure {
            return .failed(failure)
        } catch {
            return .failed(Failure(.internal, "the workflow could not be reconciled", cause: error))
        }
    }

    private func start(
        _ stored: Stored,
        _ spec: WorkflowSpec,
        _ uid: UID,
        _ claimed: ClaimedKey
    ) async throws -> Outcome {
        do {
            let pins = try await PinResolver(
                objects: objects,
                namespace: claimed.key.namespace ?? ObjectKey.defaultNamespace
            ).resolve(spec)
            try await begin(stored, spec, uid, pins, claimed)
            return .done
        } catch let failure as Failure where failure.code == .notFound || failure.code == .conflict {
            let reason = failure.reason ?? "ReferenceNotFound"
            try await objects.setStatus(claimed.key, claimed, nil) { stored, now in
                status(of: stored, .stalled(reason: reason, message: failure.message), now: now, members: [:])
            }
            // What is missing may come with the next commit, and nobody marks this key then.
            return .again(after: .seconds(10))
        }
    }

    private func begin(
        _ stored: Stored,
        _ spec: WorkflowSpec,
        _ uid: UID,
        _ pins: Pins,
        _ claimed: ClaimedKey
    ) async throws {
        let pin = runs.digest(try Value(encoding: pins).canonicalBytes)
        try await runs.begin(uid, pins, claimed) { context in
            let workflow = WorkflowRecord(
                uid: uid,
                namespace: claimed.key.namespace ?? ObjectKey.defaultNamespace,
                name: claimed.key.name,
                generation: stored.object.metadata.generation ?? 1,
                desired: spec.state,
                playbook: pins.playbookName,
                playbookVersion: pins.playbook.version,
                pin: pin,
                parameters: spec.parameters,
                priority: spec.priority,
                branch: pins.workspace?.type == .git ? "agirunner/\(claimed.key.name)" : nil,
                createdAt: context.now
            )
            return try beginRun(workflow, pins: pins, context: context)
        }
    }

    private func refresh(
        _ run: Run,
        _ stored: Stored,
        _ spec: WorkflowSpec,
        _ claimed: ClaimedKey
    ) async throws -> Outcome {
        let generation = stored.object.metadata.generation ?? 1
        if run.workflow.observedGeneration != generation, !run.workflow.phase.isTerminal {
            let actor = stored.origin.gitSource.map { "git:\($0)" } ?? stored.origin.appliedBy ?? "controller"
            try await runs.transact(run.workflow.uid, actor, nil, claimed) { run, pins, context in
                try apply(
                    .declare(generation: generation, desired: spec.state),
                    to: run,
                    pins: pins,
                    context: context
                )
            }
        }
        return .done
    }
}

/// Collects the specs a run needs, as they are stored now.
struct PinResolver: Sendable {
    let objects: ObjectPorts
    let namespace: String

    /// *Throws* `Failure(.notFound)` naming what is missing, `.conflict` for another version of the playbook.
    func resolve(_ workflow: WorkflowSpec) async throws -> Pins {
        let playbook: PlaybookSpec = try await spec("Playbook", workflow.playbookRef.name)
        if let version = workflow.playbookRef.version, version != playbook.version {
            throw Failure(
                .conflict,
                "playbook '\(workflow.playbookRef.name)' is at version \(playbook.version), not \(version)",
                reason: "VersionNotFound"
            )
        }
        let roles: [String: RoleSpec] = try await specs("Role", playbook.roles)
        let all = roles.values
        let routes: [String: ModelRouteSpec] = try await everySpec("ModelRoute")
        let workspace: WorkspaceSpec?
        if let name = workflow.workspaceRef {
            workspace = try await spec("Workspace", name)
        } else {
            workspace = nil
        }
        let defaultRoute = routes.filter(\.value.default).keys.min()
        for (name, role) in roles.sorted(by: { $0.key < $1.key }) {
            guard let route = role.modelRouteRef ?? defaultRoute, routes[route] != nil else {
                let missing = role.modelRouteRef.map { "ModelRoute/\($0)" } ?? "a default ModelRoute"
                throw Failure(.notFound, "\(missing), which Role/\(name) needs, does not exist")
            }
        }
        let used = routes.filter { route in
            all.contains { ($0.modelRouteRef ?? defaultRoute) == route.key } || route.key == defaultRoute
        }
        return Pins(
            playbookName: workflow.playbookRef.name,
            playbook: playbook,
            roles: roles,
            skills: try await specs("Skill", all.flatMap(\.skillRefs)),
            toolProfiles: try await specs("ToolProfile", all.compactMap(\.toolProfileRef)),
            runtimeProfiles: try await specs(
                "RuntimeProfile",
                all.compactMap(\.runtimeProfileRef) + [playbook.runtimeProfileRef].compactMap { $0 }
            ),
            modelRoutes: used,
            modelProviders: try await specs("ModelProvider", used.values.map(\.primary.providerRef)),
            defaultRoute: defaultRoute,
            workspaceName: workflow.workspaceRef,
            workspace: workspace,
            workflow: workflow
        )
    }

    private func spec<Spec: Decodable>(_ kind: String, _ name: String) async throws -> Spec {
        guard let stored = try await objects.stored(ObjectKey(kind, namespace: namespace, name: name)) else {
            throw Failure(.notFound, "\(kind)/\(name) does not exist in namespace '\(namespace)'")
        }
        return try (stored.object.spec ?? [:]).decode()
    }

    private func specs<Spec: Decodable>(_ kind: String, _ names: [String]) async throws -> [String: Spec] {
        var specs: [String: Spec] = [:]
        for name in Set(names).sorted() { specs[name] = try await spec(kind, name) }
        return specs
    }

    private func everySpec<Spec: Decodable>(_ kind: String) async throws -> [String: Spec] {
        var specs: [String: Spec] = [:]
        for stored in try await objects.ofKind(kind, namespace) {
            specs[stored.object.metadata.name] = try (stored.object.spec ?? [:]).decode()
        }
        return specs
    }
}
