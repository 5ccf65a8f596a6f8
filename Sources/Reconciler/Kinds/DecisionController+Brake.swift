internal import Domain
internal import Workflows

// A Decision on a GitSource or a Revision lets through what the brake on deletions refused.
extension DecisionController {
    /// The kinds that such a Decision is about.
    static let braked: Set<String> = ["GitSource", "Revision"]

    /// Lets exactly the refused commit delete; once more is as good as once.
    func releaseBrake(
        _ decision: DecisionSpec,
        of stored: Stored,
        by subject: String,
        _ claimed: ClaimedKey
    ) async throws {
        let target = "\(decision.target.kind)/\(decision.target.name)"
        guard decision.action == .approve else {
            throw Refusal(
                .unsupportedAction,
                "'\(decision.action.rawValue)' does not apply to \(target); its deletions can be approved"
            )
        }
        let source = try await source(meantBy: decision.target)
        let refused = GitSourceStatus.refusedPrune(source.object.status)
        guard let refused, Self.names(decision.target, refused, of: source) else {
            throw Refusal(.nothingRefused, "nothing that \(target) would delete waits for an approval")
        }
        try Self.check(decision.expects, source, refused)
        let name = stored.object.metadata.name
        let approved = PlainEvent(
            type: "source.prune_approved",
            subject: source.object.key,
            actor: subject,
            data: .members([
                "commit": .string(refused.commit.text), "objects": .integer(Int64(refused.count)),
                "decision": .string(name), "note": decision.note.map(Value.string),
            ])
        )
        try await objects.setStatus(source.object.key, claimed, approved) { source, now in
            // Meanwhile another commit may have come, which nobody has judged.
            guard GitSourceStatus.refusedPrune(source.object.status) == refused,
                GitSourceStatus.approvedPrune(source.object.status)?.commit != refused.commit
            else { return nil }
            let leave = ApprovedPrune(commit: refused.commit, by: subject, decision: name, at: now)
            var status = source.object.status ?? [:]
            // It holds texts alone, which always encode.
            status[GitSourceStatus.approvedPruneMember] = try? Value(encoding: leave)
            return status
        }
        let after = try await objects.stored(source.object.key)?.object.status
        guard GitSourceStatus.approvedPrune(after)?.commit == refused.commit else {
            throw Refusal(.digestMismatch, "another commit of \(source.object.key) came meanwhile")
        }
        try await objects.mark(source.object.key)
    }

    private func source(meantBy target: DecisionSpec.Target) async throws -> Stored {
        let sources = try await objects.ofKind("GitSource", nil)
        let found = sources.first { source in
            guard target.kind == "Revision" else { return source.object.metadata.name == target.name }
            let refused = GitSourceStatus.refusedPrune(source.object.status)
            return refused.map { Self.names(target, $0, of: source) } ?? false
        }
        if let found { return found }
        guard target.kind == "Revision" else {
            throw Refusal(.notFound, "\(target.kind)/\(target.name) does not exist")
        }
        throw Refusal(
            .nothingRefused,
            "nothing that Revision/\(target.name) would delete waits for an approval"
        )
    }

    /// Whether a target is the source itself, or the revision of the refused commit.
    private static func names(
        _ target: DecisionSpec.Target,
        _ refused: RefusedPrune,
        of source: Stored
    ) -> Bool {
        guard target.kind == "Revision" else { return true }
        let (name, digits) = (source.object.metadata.name, refused.commit.text.prefix(12))
        // A commit that is applied again has a number behind its name.
        let number = target.name.split(separator: "-").last ?? ""
        return [String(digits), "\(digits)-\(number)"].contains { liveName(name, $0) == target.name }
    }

    private static func check(
        _ expects: DecisionSpec.Expectation?,
        _ source: Stored,
        _ refused: RefusedPrune
    ) throws {
        let isSame =
            (expects?.digest.map { $0 == refused.digest } ?? true)
            && (expects?.generation.map { $0 == source.object.metadata.generation } ?? true)
        guard !isSame else { return }
        throw Refusal(
            .digestMismatch,
            "\(source.object.key) would now delete \(refused.count) objects by commit "
                + "\(refused.commit.short), which is not what was approved"
        )
    }
}
