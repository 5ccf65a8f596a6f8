package import Domain
package import Threads

/// What one GitSource reads: a bare mirror of its remote, or a local repository in place.
///
/// Everything blocking happens on the actor's own thread or in a child process; nothing is kept open between calls,
/// so a repository may be repacked, replaced or deleted meanwhile.
package actor Mirror {
    private let executor: ThreadExecutor
    private let folder: MirrorFolder
    private let child: FetchChild
    /// Where commits and blobs are read: the mirror, or the local repository that was asked for last.
    private var place: String
    private var isDamaged = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// A mirror at an absolute path that nothing else uses; it is made by the first fetch. The same path with `.lock`
    /// behind it is used, too.
    ///
    /// - Throws: `SystemError` when there is no thread left.
    package init(directory: String, child: FetchChild = FetchChild()) throws {
        executor = try ThreadExecutor(name: "git")
        folder = MirrorFolder(path: directory)
        self.child = child
        place = directory
    }

    /// The commit a reference leads to at its repository now; fetches nothing.
    ///
    /// - Throws: `Failure` as `fetch`, `CancellationError`.
    package func remoteTip(url: RemoteURL, ref: GitReference, deadline: Deadline) async throws -> CommitID {
        if let local = try readInPlace(url, ref, deadline) { return local }
        // What a commit id names never changes, and whether it exists is for the fetch to find out.
        if case .commit(let id) = ref { return id }
        let request = FetchRequest(.tip, directory: folder.path, url: url, reference: ref, until: deadline)
        return try await child.commit(for: request, until: deadline)
    }

    /// Brings the commit a reference leads to, and all before it, to where `snapshot` and `blob` read.
    ///
    /// A local repository is not copied but read in place from now on.
    /// - Throws: `Failure`: `notFound` with reason `repository_missing`, `repository_empty`, `reference_missing` or
    ///   `commit_missing`; `invalid` (`not_a_repository`, no commit); `corrupted`; `unsupported` format;
    ///   `unauthenticated`, `forbidden`; `unavailable`; `timeout`. `CancellationError`. The mirror stays usable.
    package func fetch(url: RemoteURL, ref: GitReference, deadline: Deadline) async throws -> CommitID {
        if let local = try readInPlace(url, ref, deadline) { return local }
        let request = FetchRequest(
            .fetch, directory: folder.path, url: url, reference: ref, startsAnew: isDamaged, until: deadline)
        do {
            let commit = try await child.commit(for: request, until: deadline)
            isDamaged = false
            place = folder.path
            return commit
        } catch {
            removeLeftovers()
            throw noted(error)
        }
    }

    /// A commit that was fetched, with the files below the folder `path` (`""` for all).
    ///
    /// - Throws: `Failure.notFound` (`commit_missing`, `path_missing`), `.invalid` (a file at `path`, more than 20,000
    ///   files or 100 levels, impossible names), `.corrupted`.
    package func snapshot(commit: CommitID, path: String) throws -> SourceTree {
        try reading { repository throws(Failure) in try repository.snapshot(of: commit, below: path) }
    }

    /// The bytes of a blob.
    ///
    /// - Throws: `Failure.notFound` (`blob_missing`), `.invalid` (`blob_too_large`), `.corrupted`.
    package func blob(_ id: BlobID, maximumBytes: Int) throws -> [UInt8] {
        try reading { repository throws(Failure) in try repository.bytes(of: id, limit: maximumBytes) }
    }

    /// The bytes of many blobs, all or none.
    ///
    /// - Throws: as `blob`; also `.invalid` when all together exceed `maximumTotalBytes`.
    package func blobs(
        _ ids: some Sequence<BlobID> & Sendable, maximumBytes: Int, maximumTotalBytes: Int = 256 << 20
    ) throws -> [BlobID: [UInt8]] {
        try reading { repository throws(Failure) in
            var result: [BlobID: [UInt8]] = [:]
            var total = 0
            for id in ids where result[id] == nil {
                let bytes = try repository.bytes(of: id, limit: maximumBytes)
                total += bytes.count
                guard total <= maximumTotalBytes else {
                    throw Failure(.invalid, "The files have more than \(maximumTotalBytes) bytes together")
                }
                result[id] = bytes
            }
            return result
        }
    }

    /// The commit of a local repository, nil for a remote one.
    private func readInPlace(_ url: RemoteURL, _ ref: GitReference, _ deadline: Deadline) throws -> CommitID? {
        guard !deadline.isPast else { throw Failure(.timeout, "There was no time left to ask \(url)") }
        guard let path = url.localPath else { return nil }
        let commit = try RepositoryHandle(reading: path).commit(of: ref, place: path)
        place = path
        return commit
    }

    private func reading<Value>(
        _ body: (borrowing RepositoryHandle) throws(Failure) -> Value
    ) throws -> Value {
        do {
            return try body(RepositoryHandle(reading: place))
        } catch {
            throw place == folder.path ? noted(error) : error
        }
    }

    /// A damaged mirror is made anew by the next fetch.
    private func noted(_ error: any Error) -> any Error {
        if (error as? Failure)?.code == .corrupted { isDamaged = true }
        return error
    }

    /// The child is dead when this is called; if another process fetches by now, it has cleaned up itself.
    private func removeLeftovers() {
        guard let lock = try? folder.lock() else { return }
        folder.removeLeftovers()
        withExtendedLifetime(lock) {}
    }
}
