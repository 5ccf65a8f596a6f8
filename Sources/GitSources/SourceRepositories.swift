internal import Catalog
internal import Domain
internal import Git
package import Reconciler
internal import Synchronization
internal import Threads

/// The repositories behind the GitSources: a mirror and a parse cache each.
package final class SourceRepositories: Sendable {
    private struct Entry {
        let mirror: Mirror
        var cache = ParseCache()
    }

    private let folder: String
    private let ports: RepositoryPorts
    private let entries = Mutex<[String: Entry]>([:])

    /// Repositories whose mirrors lie in this folder.
    package init(folder: String, ports: RepositoryPorts) {
        self.folder = folder
        self.ports = ports
    }

    /// What the source controller needs of git and of the file format.
    package var sourcePorts: SourcePorts {
        SourcePorts(
            tip: { [self] name, spec in try await tip(name, spec) },
            load: { [self] name, spec, commit in try await load(name, spec, commit) },
            follows: { [self] name, commit, earlier in
                try await mirror(name).descends(commit, from: earlier)
            }
        )
    }

    private func tip(_ name: String, _ spec: GitSourceSpec) async throws -> CommitID? {
        do {
            return try await mirror(name).remoteTip(
                url: RemoteURL(spec.url),
                ref: GitReference(spec.ref),
                credential: ports.credential(spec),
                deadline: deadline(spec)
            )
        } catch let failure as Failure where failure.reason == "reference_missing" {
            return nil
        }
    }

    private func load(
        _ name: String,
        _ spec: GitSourceSpec,
        _ commit: CommitID
    ) async throws -> LoadedRevision {
        let mirror = try mirror(name)
        _ = try await mirror.fetch(
            url: RemoteURL(spec.url),
            ref: GitReference(spec.ref),
            credential: ports.credential(spec),
            deadline: deadline(spec)
        )
        let tree = try await mirror.snapshot(commit: commit, path: spec.path == "." ? "" : spec.path)
        let files = try await files(of: tree, mirror, spec)
        let stored = try await ports.declared()
        let options = LoadOptions.source(name, spec, commit: commit, stored: stored)
        var cache = entries.withLock { $0[name]?.cache } ?? ParseCache()
        var loaded = Loader().load(files, options: options, cache: &cache)
        loaded.addExcerpts(from: files, limit: GitSourceStatus.diagnosticLimit)
        let remembered = cache
        entries.withLock { $0[name]?.cache = remembered }
        return LoadedRevision(
            commit: commit,
            author: "\(tree.author.name) <\(tree.author.email)>",
            message: tree.message,
            declared: loaded.objects,
            diagnostics: loaded.diagnostics,
            heldBack: loaded.heldBack
        )
    }

    /// The YAML files of a tree that the source includes; one that is too large is handed on unread, for the
    /// loader to refuse.
    private func files(
        of tree: SourceTree,
        _ mirror: Mirror,
        _ spec: GitSourceSpec
    ) async throws -> [SourceFile] {
        let entries = tree.files.filter {
            ($0.path.hasSuffix(".yaml") || $0.path.hasSuffix(".yml"))
                && ($0.mode == .regular || $0.mode == .executable) && spec.includes($0.path)
        }
        let limit = 1 << 20
        let small = entries.filter { $0.size <= limit }
        let blobs = try await mirror.blobs(small.map(\.blob), maximumBytes: limit)
        return entries.map { entry in
            guard let bytes = blobs[entry.blob], entry.size <= limit else {
                return SourceFile(path: entry.path, unreadSize: max(entry.size, limit + 1))
            }
            return SourceFile(path: entry.path, blob: entry.blob, bytes: bytes)
        }
    }

    private func mirror(_ name: String) throws -> Mirror {
        try entries.withLock { entries in
            if let entry = entries[name] { return entry.mirror }
            let mirror = try Mirror(directory: "\(folder)/\(name).git")
            entries[name] = Entry(mirror: mirror)
            return mirror
        }
    }

    private func deadline(_ spec: GitSourceSpec) -> Deadline {
        .after(Duration(text: spec.timeout) ?? .seconds(60))
    }
}
