internal import Domain

/// Why a source is not ready whose commit nobody vouches for.
private let signatureRejected = "SignatureRejected"

/// How the signatures of a commit were judged.
struct SignedCommit {
    /// What the status says of the commit, however the look ends.
    var members: [String: Value?]
    /// Why it is not applied; nil when it may be.
    var refusal: String?

    var isGood: Bool { refusal == nil }
}

// A commit is applied only when the signatures that its source asks for are there.
extension SourceController {
    /// Judges the signatures that a commit needs, of which there are none without a policy.
    func verify(_ look: SourceLook) async throws -> SignedCommit {
        var signed = SignedCommit(members: [
            "observedCommit": .string(look.newest.text),
            "lastHandledReconcileAt": look.request.map(Value.string),
            SourceVerification.member: .null,
        ])
        guard let policy = look.spec.verify, policy.mode != .off else { return signed }
        let base = look.stored.object.status?["appliedCommit"]?.string.map { CommitID($0) }
        let judged = try await source.verify(look.name, look.spec, look.tip, base)
        signed.members[SourceVerification.member] = try Value(encoding: judged)
        signed.refusal = judged.reason == .verified ? nil : judged.message
        return signed
    }

    /// Ends the look at a commit that is not applied; what is in force is still kept as its files say.
    func refuse(
        _ look: SourceLook,
        _ claimed: ClaimedKey,
        _ signed: SignedCommit,
        after interval: Duration
    ) async throws -> Outcome {
        var message = "\(signed.refusal ?? "it is not signed"); what was applied before stays"
        var members = signed.members
        do { members.merge(try await keepInForce(look, claimed)) { told, _ in told } } catch let failure
            as Failure
        {
            message += ", but could not be compared with its files: \(failure)"
        }
        try await say(.stalled(reason: signatureRejected, message: message), look.stored, claimed, members)
        return .again(after: interval)
    }

    /// Applies the commit in force once more beside one that is not applied: when somebody wants everything
    /// looked at, the source is another, or a Policy is.
    ///
    /// Answers what the source tells of it.
    func keepInForce(_ look: SourceLook, _ claimed: ClaimedKey) async throws -> [String: Value?] {
        let applied = look.stored.object.status?["appliedCommit"]?.string
        guard look.isAsked || isJudgedOtherwise(look), let commit = applied, commit != look.tip.text
        else { return [:] }
        var earlier = look
        earlier.tip = CommitID(commit)
        return try await apply(earlier, claimed).members.merging(look.judgement) { $1 }
    }

    /// Whether this commit was refused already, and nothing has changed that could let it through.
    func isStillRejected(_ look: SourceLook) -> Bool {
        let (stored, status) = (look.stored, look.stored.object.status)
        guard let judged = SourceVerification(of: status), judged.reason != .verified else { return false }
        return judged.commit == look.tip
            && status?["observedGeneration"]?.integer == stored.object.metadata.generation
            && status?["lastHandledReconcileAt"]?.string == look.request && !wasCutShort(stored)
    }
}
