package import Domain
package import Git

/// What the repositories behind the GitSources need of the store.
package struct RepositoryPorts: Sendable {
    /// What everybody but one source declares, unless it is what is known already.
    package var others: @Sendable (_ source: String, _ known: String?) async throws -> OtherObjects
    /// Those of some objects that exist.
    package var storedAmong: @Sendable ([ObjectKey]) async throws -> [Stored]
    /// The GitSources that are declared.
    package var sources: @Sendable () async throws -> [Stored]
    /// The Policies that are declared.
    package var policies: @Sendable () async throws -> [Stored]
    /// Has sources looked at as soon as may be.
    package var mark: @Sendable ([ObjectKey]) async throws -> Void
    /// What the repository of a source is entered with; nil where it needs nothing.
    package var credential: @Sendable (GitSourceSpec) async throws -> GitCredential?
    /// A ticket to take before looking, so that nothing is missed between looking and waiting.
    package var ticket: @Sendable () -> UInt64
    /// Waits until something was committed after the ticket was taken, or for the given time.
    package var wait: @Sendable (_ ticket: UInt64, Duration) async -> Void
    /// Learns what each load has cost.
    package var report: @Sendable (LoadCost) -> Void

    /// Ports of their closures.
    package init(
        others: @escaping @Sendable (String, String?) async throws -> OtherObjects,
        storedAmong: @escaping @Sendable ([ObjectKey]) async throws -> [Stored],
        sources: @escaping @Sendable () async throws -> [Stored],
        policies: @escaping @Sendable () async throws -> [Stored],
        mark: @escaping @Sendable ([ObjectKey]) async throws -> Void,
        credential: @escaping @Sendable (GitSourceSpec) async throws -> GitCredential? = { _ in nil },
        ticket: @escaping @Sendable () -> UInt64,
        wait: @escaping @Sendable (UInt64, Duration) async -> Void,
        report: @escaping @Sendable (LoadCost) -> Void
    ) {
        self.others = others
        self.storedAmong = storedAmong
        self.sources = sources
        self.policies = policies
        self.mark = mark
        self.credential = credential
        self.ticket = ticket
        self.wait = wait
        self.report = report
    }
}

/// What is declared by everybody but one source.
package struct OtherObjects: Sendable {
    /// Another text whenever a key or a spec is another.
    package var version: String
    /// The specs; an empty one where only the key matters.
    ///
    /// nil when the version is the one that was known.
    package var specs: [ObjectKey: Value]?

    /// Objects in a version.
    package init(version: String, specs: [ObjectKey: Value]?) {
        self.version = version
        self.specs = specs
    }
}

/// What one load of a source took, which follows what has changed and not what there is.
package struct LoadCost: Sendable, Hashable {
    /// Blobs whose bytes were read.
    package var blobsRead = 0
    /// Blobs that were parsed.
    package var blobsParsed = 0

    /// A cost of its parts.
    package init(blobsRead: Int = 0, blobsParsed: Int = 0) {
        self.blobsRead = blobsRead
        self.blobsParsed = blobsParsed
    }
}
