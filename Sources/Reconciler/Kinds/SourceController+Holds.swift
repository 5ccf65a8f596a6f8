internal import Domain

// Objects that a commit leaves out and that stay: they say so, and the source counts them.
extension SourceController {
    /// The member of a source's status with the number of held objects by reason.
    static let heldMember = "held"

    /// Has what is held say so, and what is declared again say so no more.
    func markHolds(_ plan: Plan, _ input: PlanInput, _ claimed: ClaimedKey) async throws {
        var held: Set<ObjectKey> = []
        for step in plan.steps where step.act == .hold {
            held.insert(step.key)
            // A commit with errors may only be late with its removals, and says itself what is wrong.
            guard let hold = step.hold, hold.isToldByObject else { continue }
            let words = (reason: hold.rawValue, message: step.reason ?? "")
            try await say(words, of: step.key, source: input.source, claimed)
        }
        let declared = Set(input.declared.map(\.object.key))
        for stored in input.stored
        where stored.origin.gitSource == input.source && declared.contains(stored.object.key)
            && PruneHold.condition(of: stored.object.status) != nil
        {
            try await say(nil, of: stored.object.key, source: input.source, claimed)
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
        source: String,
        _ claimed: ClaimedKey
    ) async throws {
        let stored = try await objects.stored(key)
        let before = PruneHold.condition(of: stored?.object.status)?["reason"]?.string
        let event = words.flatMap { words in
            words.reason == before
                ? nil
                : PlainEvent(
                    type: "object.prune_held",
                    subject: key,
                    actor: "git:\(source)",
                    data: ["reason": .string(words.reason), "message": .string(words.message)]
                )
        }
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
