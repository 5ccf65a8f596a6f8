package import Domain

/// Says whether a SecretStore can be read.
package struct SecretStoreController: Sendable {
    /// Throws what keeps a store from being read.
    package typealias Check = @Sendable (ObjectKey, SecretStoreSpec) async throws -> Void

    private let objects: ObjectPorts
    private let sealingKey: @Sendable () throws -> String
    private let check: Check

    /// A controller of its ports; `sealingKey` is what secrets are sealed with.
    package init(
        objects: ObjectPorts,
        sealingKey: @escaping @Sendable () throws -> String,
        check: @escaping Check
    ) {
        self.objects = objects
        self.sealingKey = sealingKey
        self.check = check
    }

    /// One look at a store; its secrets are read by whoever needs one, each time anew.
    package func reconcile(_ claimed: ClaimedKey) async -> Outcome {
        do {
            guard let stored = try await objects.stored(claimed.key) else { return .done }
            let readiness: Readiness
            var members: [String: Value] = ["sealingKey": .null]
            do {
                let spec: SecretStoreSpec = try (stored.object.spec ?? [:]).decode()
                // Told first, because what cannot be opened is sealed anew with it.
                if spec.type == .sealed { members["sealingKey"] = .string(try sealingKey()) }
                try await check(claimed.key, spec)
                readiness = .ready(reason: "Reachable", message: "its secrets can be read")
            } catch let failure as Failure {
                readiness = .failing(reason: "Unreachable", message: "\(failure)")
            }
            try await objects.setStatus(claimed.key, claimed, nil) { [members] stored, now in
                status(of: stored, readiness, now: now, members: members)
            }
            // A folder may come and go without anybody telling us.
            return .again(after: .seconds(60))
        } catch let failure as Failure {
            return .failed(failure)
        } catch {
            return .failed(Failure(.internal, "the store could not be looked at", cause: error))
        }
    }
}
