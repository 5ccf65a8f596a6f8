internal import Domain

extension ControlClient {
    /// Annotates a GitSource, asks for a look at it, and waits for that.
    ///
    /// An annotation that is null is taken away. `until` says what the look is to have done, for the message
    /// when it does not come. What is `hopeless` is not waited for.
    /// - Returns: the source as the look has left it.
    /// - Throws: `CommandFailure`, with exit code 3 when there was no look in time.
    func askForLook(
        at name: String,
        annotations: [String: Value],
        until what: String,
        within limit: Duration,
        hopeless: (Object) -> Bool = { _ in false }
    ) async throws -> Object {
        let request = try CommandEnvironment.required().now()
        let wanted = annotations.merging([GitSourceSpec.reconcileAt: .string(request.description)]) { $1 }
        let annotated = try await patch(
            .gitSource,
            namespace: nil,
            name: name,
            ["metadata": ["annotations": .object(wanted)]]
        )
        let earlier = handledRequest(of: annotated)
        var poll = Poll(within: limit, hasAnswered: true)
        while true {
            let source = try await poll.look { try await get(.gitSource, namespace: nil, name: name) }
            // Somebody who asks a moment later takes this request's place, and the look is for both.
            if let source, let handled = handledRequest(of: source),
                handled == request || handled > request && handled != earlier
            {
                return source
            }
            let message = cell(source?.readyCondition?["message"])
            if let source, hopeless(source) { throw CommandFailure("GitSource/\(name): \(message)") }
            guard !poll.isOver else {
                throw CommandFailure("GitSource/\(name) has not \(what) in time: \(message)", exitCode: 3)
            }
            try await poll.pause(.milliseconds(200))
        }
    }
}

/// When the look was asked for that a source had last.
private func handledRequest(of source: Object) -> Timestamp? {
    source.status?["lastHandledReconcileAt"]?.string.flatMap { Timestamp($0) }
}
