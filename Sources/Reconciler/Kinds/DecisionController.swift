package import Domain
import Workflows

/// Executes each Decision once, and writes down what came of it.
package struct DecisionController: Sendable {
    let objects: ObjectPorts
    private let runs: RunPorts
    let introducer: FindIntroducer

    /// A controller of its ports.
    package init(objects: ObjectPorts, runs: RunPorts, introducer: @escaping FindIntroducer) {
        self.objects = objects
        self.runs = runs
        self.introducer = introducer
    }

    /// One look at a Decision; one that was applied or refused is never looked at again.
    package func reconcile(_ claimed: ClaimedKey) async -> Outcome {
        do {
            guard let stored = try await objects.stored(claimed.key),
                stored.object.status?["outcome"] == nil
            else { return .done }
            let decision: DecisionSpec = try (stored.object.spec ?? [:]).decode()
            var subject = stored.origin.appliedBy
            do {
                let actor = try await actor(of: decision, stored)
                subject = actor.subject
                try await execute(decision, stored, by: actor, claimed)
                try await settle(
                    claimed,
                    by: subject,
                    .ready(reason: "Applied", message: "applied"),
                    outcome: "applied",
                    reason: nil
                )
            } catch let refusal as Refusal {
                try await settle(
                    claimed,
                    by: subject,
                    .stalled(reason: "Refused", message: words(of: refusal)),
                    outcome: "refused",
                    reason: refusal.reason.rawValue
                )
            }
            return .done
        } catch let failure as Failure {
            return .failed(failure)
        } catch {
            return .failed(Failure(.internal, "the decision could not be executed", cause: error))
        }
    }

    private func execute(
        _ decision: DecisionSpec,
        _ stored: Stored,
        by actor: Actor,
        _ claimed: ClaimedKey
    ) async throws {
        let target = ObjectKey(
            decision.target.kind,
            namespace: claimed.key.namespace,
            name: decision.target.name
        )
        if Self.braked.contains(decision.target.kind) {
            return try await releaseBrake(decision, of: stored, by: actor.subject, claimed)
        }
        guard let workflow = try await runs.owner(target) else {
            throw Refusal(.notFound, "\(decision.target.kind)/\(decision.target.name) does not exist")
        }
        try await runs.transact(workflow, actor.subject, claimed.key, claimed) { run, pins, context in
            try apply(.decide(decision, by: actor), to: run, pins: pins, context: context)
        }
    }

    private func settle(
        _ claimed: ClaimedKey,
        by subject: String?,
        _ readiness: Readiness,
        outcome: String,
        reason: String?
    ) async throws {
        try await objects.setStatus(claimed.key, claimed, nil) { stored, now in
            status(
                of: stored,
                readiness,
                now: now,
                members: [
                    "outcome": .string(outcome), "reason": reason.map(Value.string),
                    "at": .string(now.description),
                    "by": subject.map(Value.string),
                ].compactMapValues { $0 }
            )
        }
    }
}

/// What is refused, and what could be typed instead.
private func words(of refusal: Refusal) -> String {
    let next = refusal.next.joined(separator: ", ")
    return refusal.message + (next.isEmpty ? "" : "; try: \(next)")
}
