/// A runtime the fleet manager made or is about to make.
package struct RuntimeRecord: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case provisioned, running, draining, gone
    }

    package static let kind = "Runtime"
    package let uid: UID
    package let name: String
    package let pool: String
    /// Digest of the token made at provisioning; only its bearer may register as this runtime.
    package let tokenDigest: Digest
    package var state: State
    package var message: String?
    package let createdAt: Timestamp

    /// A provisioned runtime.
    package init(uid: UID, name: String, pool: String, tokenDigest: Digest, createdAt: Timestamp) {
        self.uid = uid
        self.name = name
        self.pool = pool
        self.tokenDigest = tokenDigest
        state = .provisioned
        self.createdAt = createdAt
    }
}
