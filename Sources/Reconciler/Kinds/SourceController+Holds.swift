internal import Domain

// Objects that a commit leaves out and that stay: they say so, and the source counts them.
extension SourceController {
    /// The member of a source's status with the number of held objects by reason.
    static let heldMember = "held"

    /// Has what is held say so, and what is declared again say so no more.
    func markHolds(_ plan: Plan, _ input: PlanInput, _ claimed: ClaimedKey) async throws {
        let declared = Set(input.declared.map(\.object.key))
        var said: [ObjectKey: Value] = [:]
        for stored in input.stored where stored.origin.gitSource == input.source {
            guard let condition = PruneHold.condition(of: stored.object.status) else { continue }
            let key = stored.object.key
            said[key] = condition
            if declared.contains(key) { try await say(nil, of: key, nil, claimed) }
        }
        // A commit with errors may only be late with its removals, and says itself what is wrong.
        for step in plan.steps where step.hold?.isToldByObject == true {
            guard let hold = step.hold, let message = step.reason else { continue }
            let isNews = said[step.key]?["reason"]?.string != hold.rawValue
            // Finished runs are held for ever, and there may be many.
            guard isNews || said[step.key]?["message"]?.string != message else { continue }
            let event = PlainEvent(
                type: "object.prune_held",
                subject: step.key,
                actor: "git:\(input.source)",
                data: ["reason": .string(hold.rawValue), "message": .string(message)]
            )
            try await say((hold.rawValue, message), of: step.key, isNews ? event : nil, claimed)
        }
    }

    /// How many objects are held, by reason.
    func heldCounts(_ plan: Plan) -> Value {
        var counts: [String: Int64] = [:]
        for hold in plan.steps.compactMap(\.hold) where hold.isToldByObject {
            counts[hold.rawValue, default: 0] += 1
        }
        return counts.isEmpty ? .null : .object(counts.mapValues(Value.integer))
    }

    /// The words for what is held, to follow what was applied.
    func heldWords(_ plan: Plan) -> String {
        let count = plan.steps.count { $0.hold?.isToldByObject == true }
        guard count > 0 else { return "" }
        return "; \(count) object\(count == 1 ? " is" : "s are") no longer declared and kept, see status.held"
    }

    /// Whether something is held that may be let go without any commit: a run that used it may have ended.
    func holdsForRun(_ stored: Stored) -> Bool {
        stored.object.status?[Self.heldMember]?[Plan.Hold.inUse.rawValue] != nil
    }

    private func say(
        _ words: (reason: String, message: String)?,
        of key: ObjectKey,
        _ event: PlainEvent?,
        _ claimed: ClaimedKey
    ) async throws {
        try await objects.setStatus(key, claimed, event) { stored, now in
            PruneHold.status(
                stored.object.status,
                words,
                generation: stored.object.metadata.generation,
                now: now
            )
        }
    }
}
