internal import Domain
internal import Workflows

// Whose Decision it is: of the person on the control door, or of whoever signed its file into git.
extension DecisionController {
    /// What somebody without a role of their own may do: vote where a gate names them.
    private static let votes: Set<DecisionSpec.Action> = [.approve, .reject, .requestChanges, .block]

    /// Who decides.
    ///
    /// A person on the control door may do everything there. A signer has no role, since nothing gives one to
    /// a key: a gate has to name it, `signer:` and its fingerprint, among its approvers.
    ///
    /// - Throws: `Refusal` for a Decision that nobody vouches for, or that needs a role.
    func actor(of decision: DecisionSpec, _ stored: Stored) async throws -> Actor {
        if let subject = stored.origin.appliedBy { return Actor(subject: subject, role: .orgAdmin) }
        let (fingerprint, name) = try await signer(of: decision, stored)
        let actor = Actor(subject: "signer:\(fingerprint)", role: nil)
        guard Self.votes.contains(decision.action), !Self.braked.contains(decision.target.kind) else {
            throw Refusal(
                .notAnApprover,
                "\(actor.subject) (\(name)) may only vote on gates that name it; "
                    + "'\(decision.action.rawValue)' needs a role",
                next: [Self.command(decision)]
            )
        }
        return actor
    }

    private func signer(
        of decision: DecisionSpec,
        _ stored: Stored
    ) async throws -> (fingerprint: String, name: String) {
        let origin = stored.origin
        var why = "the source is gone"
        if let name = origin.gitSource, let path = origin.path, let commit = origin.commit,
            let source = try await objects.stored(ObjectKey("GitSource", namespace: nil, name: name))
        {
            let spec: GitSourceSpec = try (source.object.spec ?? [:]).decode()
            switch spec.verify?.mode {
            case .tip, .range:
                switch try await introducer(name, spec, path, commit) {
                case .signer(let fingerprint, let name): return (fingerprint, name)
                case .nobody(let reason): why = reason
                }
            case .off, nil: why = "GitSource/\(name) verifies no signatures, see spec.verify"
            }
        }
        throw Refusal(
            .notAnApprover,
            "a Decision in git counts only when the commit that brought its file is signed, and \(why)",
            next: [Self.command(decision)]
        )
    }

    /// What a person types instead.
    private static func command(_ decision: DecisionSpec) -> String {
        "agirunner \(decision.action.rawValue) "
            + "\(decision.target.kind.lowercased())/\(decision.target.name)"
    }
}
