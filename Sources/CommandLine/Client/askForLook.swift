internal import Domain

extension ControlClient {
    /// Annotates a GitSource, asks for a look at it, and waits for that.
    ///
    /// An annotation that is null is taken away. `until` says what the look is to have done, for the message
    /// when it does not come.
    /// - Returns: the source as the look has left it.
    /// - Throws: `CommandFailure`, with exit code 3 when there was no look in time.
    func askForLook(
        at name: String,
        annotations: [String: Value],
        until what: String,
        within limit: Duration
    ) async throws -> Object {
        guard let kind = Kind.named("GitSource") else {
            throw CommandFailure("the kind GitSource is missing")
        }
        let request = try CommandEnvironment.required().now().description
        let wanted = annotations.merging([GitSourceSpec.reconcileAt: .string(request)]) { $1 }
        try await self.request(
            "PATCH",
            path(kind, namespace: nil, name: name),
            ["metadata": ["annotations": .object(wanted)]],
            type: "application/merge-patch+json"
        )
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            let source = try await get(kind, namespace: nil, name: name)
            if source.status?["lastHandledReconcileAt"]?.string == request { return source }
            guard clock.now < deadline else {
                let message = cell(source.readyCondition?["message"])
                throw CommandFailure("GitSource/\(name) has not \(what) in time: \(message)", exitCode: 3)
            }
            try await clock.sleep(for: .milliseconds(200))
        }
    }
}
