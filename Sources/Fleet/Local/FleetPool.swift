package import Domain

/// The pool that a runtime is made for.
package struct FleetPool: Sendable, Equatable {
    package let name: String
    /// Digest of its spec.
    package let digest: Digest

    /// A pool of its parts.
    package init(name: String, digest: Digest) {
        self.name = name
        self.digest = digest
    }
}
