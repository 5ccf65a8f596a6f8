internal import Domain

/// How many objects a source names that differ from their files.
private let namedLimit = 20
/// How long an object was left alone before the fight about it is over.
private let calmAfter = Duration.seconds(600)

// Fields that files declare and others have taken.
extension SourceController {
    private static let driftMember = "drift"
    private static let fightsMember = "fights"

    /// The members of a source's status about such fields; null for what is not to be told.
    ///
    /// What was put back is told by the object itself, until nobody has taken it again for a while.
    func drift(
        _ input: PlanInput,
        isWhole: Bool,
        _ claimed: ClaimedKey
    ) async throws -> [String: Value?] {
        // Of what a commit changes nobody can tell what has drifted beside it.
        guard isWhole else { return [:] }
        let own = input.stored.filter { $0.origin.gitSource == input.source }
        let corrected = own.filter { lastCorrection(of: $0) != nil }
        for stored in corrected { try await calm(stored, claimed) }
        let taken = own.filter { $0.origin.taken != nil }.map(\.object.key).sorted()
        let isReported = input.drift == .report && !taken.isEmpty
        // What was taken has been put back by this very look, and is watched from now on.
        let fights = Set(corrected.map(\.object.key)).union(input.drift == .correct ? taken : [])
        return [
            Self.driftMember: isReported
                ? [
                    "count": .integer(Int64(taken.count)),
                    "objects": .strings(taken.prefix(namedLimit).map(\.description)),
                ] : .null,
            Self.fightsMember: fights.isEmpty ? .null : .integer(Int64(fights.count)),
        ]
    }

    /// The words for what differs from its file and stays, to follow what was applied.
    func driftWords(_ input: PlanInput) -> String {
        guard input.drift == .report else { return "" }
        let count = input.stored.count { $0.origin.gitSource == input.source && $0.origin.taken != nil }
        guard count > 0 else { return "" }
        return "; \(count) object\(count == 1 ? " differs" : "s differ") from the files, see status.drift"
    }

    /// Whether an object was put back lately, so that everything has to be looked at until that is over.
    func isWatchingFights(_ stored: Stored) -> Bool { stored.object.status?[Self.fightsMember] != nil }

    /// Takes away what an object says of a fight that is over.
    private func calm(_ stored: Stored, _ claimed: ClaimedKey) async throws {
        try await objects.setStatus(stored.object.key, claimed, nil) { stored, now in
            guard let last = lastCorrection(of: stored), now - last > calmAfter else { return nil }
            var status = SideCondition.flapping.status(
                stored.object.status,
                nil,
                generation: stored.object.metadata.generation,
                now: now
            )
            status[SideCondition.driftMember] = nil
            return status
        }
    }
}

/// When fields of an object were put back for the last time; nil for not lately.
private func lastCorrection(of stored: Stored) -> Timestamp? {
    stored.object.status?.at(SideCondition.driftMember, "corrections")?.array?.last?.string
        .flatMap { Timestamp($0) }
}
