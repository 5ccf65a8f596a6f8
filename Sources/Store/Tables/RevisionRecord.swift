internal import Domain

/// One commit of a source on its way into the store, or that has arrived.
struct RevisionRecord: ShownRecord, Codable, Hashable {
    enum Phase: String, Codable, Sendable { case applying, applied, failed, superseded }

    static let kind = "Revision"
    let uid: UID
    let name: String
    let source: String
    let commit: CommitID
    /// Grows when the commit is applied again after another one.
    let attempt: Int
    let author: String
    let message: String
    var phase: Phase
    /// Why it failed.
    var failure: String?
    var declared: Int
    var heldBack: Int
    var created: Int
    var changed: Int
    var unchanged: Int
    var removed: Int
    var diagnostics: [Diagnostic]
    let createdAt: Timestamp
    var finishedAt: Timestamp?

    init(uid: UID, write: RevisionWrite, attempt: Int, createdAt: Timestamp) {
        self.uid = uid
        self.attempt = attempt
        // Twelve digits keep the commits of a source apart.
        let digits = String(write.commit.text.prefix(12))
        name = liveName(write.source, attempt == 1 ? digits : "\(digits)-\(attempt)")
        source = write.source
        commit = write.commit
        author = write.author
        message = write.message
        phase = .applying
        declared = write.declaredCount
        heldBack = write.heldBackCount
        (created, changed, unchanged, removed) = (0, 0, 0, 0)
        diagnostics = write.diagnostics
        self.createdAt = createdAt
    }

    var shownName: String { name }
    var shownNamespace: String? { nil }
    var shownLabels: [String: String] { [LiveLabel.source: source] }
    var owner: OwnerReference? { nil }
}
