internal import Domain

/// Why a source is not ready whose commit nobody vouches for.
private let signatureRejected = "SignatureRejected"

// A commit is applied only when the signatures that its source asks for are there.
extension SourceController {
    /// What a source has to say of a commit's signatures, and why it is not applied; nil when it may be.
    func verify(
        _ stored: Stored,
        _ spec: GitSourceSpec,
        _ tip: CommitID,
        _ newest: CommitID,
        _ request: String?
    ) async throws -> (refusal: Readiness?, members: [String: Value?]) {
        guard let verify = spec.verify, verify.mode != .off else {
            return (nil, [SourceVerification.member: .null])
        }
        let base = stored.object.status?["appliedCommit"]?.string.map { CommitID($0) }
        let judged = try await source.verify(stored.object.metadata.name, spec, tip, base)
        var members: [String: Value?] = [SourceVerification.member: try Value(encoding: judged)]
        guard judged.reason != .verified else { return (nil, members) }
        members["observedCommit"] = .string(newest.text)
        members["lastHandledReconcileAt"] = request.map(Value.string)
        let message = "\(judged.message); what was applied before stays"
        return (.stalled(reason: signatureRejected, message: message), members)
    }

    /// Whether this commit was refused already, and nothing has changed that could let it through.
    func isStillRejected(_ stored: Stored, _ tip: CommitID, _ request: String?) -> Bool {
        let status = stored.object.status
        guard let judged = SourceVerification(of: status), judged.reason != .verified else { return false }
        return judged.commit == tip
            && status?["observedGeneration"]?.integer == stored.object.metadata.generation
            && status?["lastHandledReconcileAt"]?.string == request && !wasCutShort(stored)
    }
}
