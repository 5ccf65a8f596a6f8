/// What a source says about the signatures of the commit it was asked to apply.
///
/// It stands in the source's status, and its condition `SourceVerified` is computed from it.
package struct SourceVerification: Sendable, Hashable, Codable {
    /// How a commit was judged; the raw value is the reason of the condition.
    package enum Reason: String, Sendable, Hashable, Codable {
        case verified = "Verified"
        case missing = "SignatureMissing"
        case unsupported = "SignatureUnsupported"
        case invalid = "SignatureInvalid"
        case unknown = "SignerUnknown"
    }

    /// The condition's type.
    package static let conditionType = "SourceVerified"
    /// The member of a source's status that holds this.
    package static let member = "verification"

    /// The commit that was to be applied.
    package var commit: CommitID
    package var reason: Reason
    package var message: String
    /// Who signed it, as the allowed signers name them; nil when it is not applied.
    package var signer: String?
    /// The oldest commit whose signature does not count; nil when all do.
    package var rejected: CommitID?

    /// A judgement of its parts.
    package init(
        commit: CommitID,
        reason: Reason,
        message: String,
        signer: String? = nil,
        rejected: CommitID? = nil
    ) {
        self.commit = commit
        self.reason = reason
        self.message = message
        self.signer = signer
        self.rejected = rejected
    }

    /// What a status says; nil when it says nothing.
    package init?(of status: Value?) {
        // What cannot be read was written by another version, and is judged again.
        guard let read: SourceVerification = try? status?[Self.member]?.decode() else { return nil }
        self = read
    }
}

extension SourceVerification {
    /// A status with the condition that its own judgement asks for; `old` tells since when it is so.
    package static func shown(
        in status: Value,
        after old: Value?,
        generation: Int64?,
        now: Timestamp
    ) -> Value {
        guard let judged = SourceVerification(of: status) else { return status }
        let condition = Condition(
            conditionType,
            judged.reason == .verified ? .yes : .no,
            (judged.reason.rawValue, judged.message),
            after: old?.conditions ?? [],
            generation: generation,
            now: now
        )
        let all = status.conditions(besides: conditionType) + [condition.value]
        let sorted = all.sorted { $0["type"]?.string ?? "" < $1["type"]?.string ?? "" }
        var status = status
        status["conditions"] = .array(sorted)
        return status
    }
}
