package import Domain
package import Threads

/// What one GitSource reads: a bare mirror of its remote, or a local repository in place.
///
/// Everything blocking happens on the actor's own thread or in a child process; nothing is kept open
/// between calls, so a repository may be repacked, replaced or deleted meanwhile.
package actor Mirror {
    private let executor: ThreadExecutor
    private let folder: MirrorFolder
    private let child: FetchChild
    /// Where commits and blobs are read: the mirror, or the local repository that was asked for last.
    private var place: String
    private var health = Health.sound

    /// Packs from which on a mirror is made anew rather than added to.
    static let packLimit = 500

    /// Whether the next fetch has to make the mirror anew.
    private enum Health {
        case sound
        /// Something could not be read: the next fetch starts anew.
        case damaged
        /// It was made anew, and the files of no commit were read since. If it is damaged again, the remote
        /// is, and a third copy is no better.
        case remade
    }

    /// The actor's own thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A mirror at an absolute path that nothing else uses; it is made by the first fetch.
    ///
    /// The same path with `.lock` behind it is used, too.
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
    package func remoteTip(
        url: RemoteURL,
        ref: GitReference,
        credential: GitCredential? = nil,
        deadline: Deadline
    ) async throws -> CommitID {
        if let local = try readInPlace(url, ref, deadline) { return local }
        // What a commit id names never changes, and whether it exists is for the fetch to find out.
        if case .commit(let id) = ref { return id }
        let request = FetchRequest(
            .tip,
            directory: folder.path,
            url: url,
            reference: ref,
            credential: credential,
            until: deadline
        )
        return try await child.commit(for: request, until: deadline)
    }

    /// Brings the commit a reference leads to, and all before it, to where `snapshot` and `blob` read.
    ///
    /// A local repository is not copied but read in place from now on.
    /// - Throws: `Failure`: `notFound` with reason `repository_missing`, `repository_empty`,
    ///   `reference_missing` or `commit_missing`; `invalid` (`not_a_repository`, no commit); `corrupted`;
    ///   `unsupported` format; `unauthenticated` (also
    ///   with reason `host_key_unknown` or `host_key_changed`), `forbidden`; `unavailable`; `timeout`.
    ///   `CancellationError`. The mirror stays usable.
    package func fetch(
        url: RemoteURL,
        ref: GitReference,
        credential: GitCredential? = nil,
        deadline: Deadline
    ) async throws -> CommitID {
        if let local = try readInPlace(url, ref, deadline) { return local }
        let isFull = folder.packCount >= Self.packLimit
        // What is read from a good mirror is not given up for a remote that is away.
        if isFull {
            _ = try await remoteTip(url: url, ref: ref, credential: credential, deadline: deadline)
        }
        let request = FetchRequest(
            .fetch,
            directory: folder.path,
            url: url,
            reference: ref,
            credential: credential,
            startsAnew: health == .damaged || isFull,
            until: deadline
        )
        do {
            let commit = try await child.commit(for: request, until: deadline)
            if health == .damaged { health = .remade }
            place = folder.path
            return commit
        } catch {
            removeLeftovers()
            throw error
        }
    }

    /// A commit that was fetched, with the files below the folder `path` (`""` for all).
    ///
    /// - Throws: `Failure.notFound` (`commit_missing`, `path_missing`), `.invalid` (a file at `path`, more
    ///   than 20,000 files or 100 levels, impossible names), `.corrupted`.
    package func snapshot(commit: CommitID, path: String) throws -> SourceTree {
        try reading { repository throws(Failure) in try repository.snapshot(of: commit, below: path) }
    }

    /// Whether a commit that was fetched is another one or follows it; false when the other one is gone.
    ///
    /// - Throws: `Failure.notFound`, `.corrupted`.
    package func descends(_ commit: CommitID, from ancestor: CommitID) throws -> Bool {
        try reading { repository throws(Failure) in try repository.descends(commit, from: ancestor) }
    }

    /// What a commit that was fetched has otherwise than one before it, in the files below the folder `path`.
    ///
    /// It costs what has changed: limits on all files are the caller's to keep. nil when the other commit is
    /// not there any more or has no such folder.
    /// - Throws: as `snapshot`.
    package func changes(of commit: CommitID, since base: CommitID, path: String) throws -> TreeChanges? {
        try reading { repository throws(Failure) in
            try repository.changes(of: commit, since: base, below: path)
        }
    }

    /// The commits that a fetched one brings beside another and all before it, itself always among them.
    ///
    /// - Throws: `Failure.notFound`, `.invalid` (`too_many_commits`), `.corrupted`.
    package func newCommits(of tip: CommitID, since base: CommitID?, limit: Int) throws -> NewCommits {
        try reading { repository throws(Failure) in
            try repository.newCommits(of: tip, since: base, limit: limit)
        }
    }

    /// How a file of a commit that was fetched came there.
    ///
    /// - Throws: `Failure.notFound`, `.corrupted`.
    package func introduction(of path: String, in tip: CommitID, limit: Int) throws -> FileIntroduction {
        try reading { repository throws(Failure) in
            try repository.introduction(of: path, in: tip, limit: limit)
        }
    }

    /// What tells who vouches for a commit that was fetched.
    ///
    /// - Throws: `Failure.notFound`, `.corrupted`.
    package func seal(of commit: CommitID) throws -> CommitSeal {
        try reading { repository throws(Failure) in try repository.seal(of: commit) }
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
        _ ids: some Sequence<BlobID> & Sendable,
        maximumBytes: Int,
        maximumTotalBytes: Int = 256 << 20
    ) throws -> [BlobID: [UInt8]] {
        let blobs = try reading { repository throws(Failure) in
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
        // The end of a load: commits and folders were read before. Less says nothing about what is in them.
        if place == folder.path { health = .sound }
        return blobs
    }

    /// The commit of a local repository, nil for a remote one.
    private func readInPlace(_ url: RemoteURL, _ ref: GitReference, _ deadline: Deadline) throws -> CommitID?
    {
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
            let value = try body(RepositoryHandle(reading: place))
            return value
        } catch {
            guard place == folder.path else { throw error }
            guard error.reason != "repository_missing" else {
                throw Failure(.notFound, "Nothing has been fetched yet", reason: "commit_missing")
            }
            if error.code == .corrupted && health == .sound { health = .damaged }
            throw error
        }
    }

    /// The child is dead when this is called; if another process fetches by now, it has cleaned up itself.
    private func removeLeftovers() {
        // Without the lock nothing may be touched, and the next fetch does the same.
        guard let lock = try? folder.lock() else { return }
        folder.removeLeftovers()
        withExtendedLifetime(lock) {}
    }
}
