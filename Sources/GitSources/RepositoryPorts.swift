package import Domain
package import Git

/// What the repositories behind the GitSources need of the store.
package struct RepositoryPorts: Sendable {
    /// Everything that is declared, by sources and by people.
    package var declared: @Sendable () async throws -> [Stored]
    /// The GitSources among it.
    package var sources: @Sendable () async throws -> [Stored]
    /// Has sources looked at as soon as may be.
    package var mark: @Sendable ([ObjectKey]) async throws -> Void
    /// What the repository of a source is entered with; nil where it needs nothing.
    package var credential: @Sendable (GitSourceSpec) async throws -> GitCredential?
    /// Waits until something was committed, or for the given time.
    package var wait: @Sendable (Duration) async -> Void

    /// Ports of their closures.
    package init(
        declared: @escaping @Sendable () async throws -> [Stored],
        sources: @escaping @Sendable () async throws -> [Stored],
        mark: @escaping @Sendable ([ObjectKey]) async throws -> Void,
        credential: @escaping @Sendable (GitSourceSpec) async throws -> GitCredential? = { _ in nil },
        wait: @escaping @Sendable (Duration) async -> Void
    ) {
        self.declared = declared
        self.sources = sources
        self.mark = mark
        self.credential = credential
        self.wait = wait
    }
}
