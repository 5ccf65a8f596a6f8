import Catalog
import Domain
import Git
import Logging
import Reconciler
import Store
import Synchronization
import Threads

/// The repositories behind the GitSources: a mirror and a parse cache each.
final class SourceRepositories: Sendable {
    private struct Entry {
        let mirror: Mirror
        var cache = ParseCache()
    }

    private let state: String
    private let store: Store
    private let entries = Mutex<[String: Entry]>([:])

    init(state: String, store: Store) {
        self.state = state
        self.store = store
    }

    var ports: SourcePorts {
        SourcePorts(
            tip: { [self] name, spec in try await tip(name, spec) },
            load: { [self] name, spec, commit in try await load(name, spec, commit) }
        )
    }

    private func tip(_ name: String, _ spec: GitSourceSpec) async throws -> CommitID? {
        do {
            return try await mirror(name).remoteTip(
                url: RemoteURL(spec.url),
                ref: GitReference(spec.ref),
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
            deadline: deadline(spec)
        )
        let tree = try await mirror.snapshot(commit: commit, path: spec.path == "." ? "" : spec.path)
        let files = try await files(of: tree, mirror, spec)
        let stored = try await store.storedObjects(source: nil)
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
            let mirror = try Mirror(directory: "\(state)/mirrors/\(name).git")
            entries[name] = Entry(mirror: mirror)
            return mirror
        }
    }

    private func deadline(_ spec: GitSourceSpec) -> Deadline {
        .after(Duration(text: spec.timeout) ?? .seconds(60))
    }

    /// Marks sources of local repositories as soon as their refs change; polling is the net below.
    func watch(logger: Logger) async {
        var watched: [String] = []
        var watch: FileWatch?
        while !Task.isCancelled {
            do {
                let (keys, paths) = try await localRepositories()
                if paths != watched {
                    watch = paths.isEmpty ? nil : try FileWatch(paths: paths)
                    watched = paths
                    // What changed before the watch began would be missed.
                    try await store.mark(keys.map { Mark($0, priority: .webhook) })
                }
                if let watch {
                    if try await watch.next(until: .after(.seconds(10))) {
                        try await store.mark(keys.map { Mark($0, priority: .webhook) })
                    }
                } else {
                    await store.nextBell(deadline: .seconds(5))
                }
            } catch {
                if Task.isCancelled { return }
                logger.warning("Local repositories cannot be watched", metadata: ["error": "\(error)"])
                await store.nextBell(deadline: .seconds(5))
            }
        }
    }

    private func localRepositories() async throws -> (keys: [ObjectKey], paths: [String]) {
        var keys: [ObjectKey] = []
        var paths: Set<String> = []
        for stored in try await store.storedObjects(kind: "GitSource", namespace: nil) {
            let spec: GitSourceSpec = try (stored.object.spec ?? [:]).decode()
            // A path that is no repository now is the source controller's to report.
            guard let url = try? RemoteURL(spec.url), url.localPath != nil,
                let folders = try? LocalRefWatch.paths(url: url, ref: GitReference(spec.ref))
            else { continue }
            keys.append(stored.object.key)
            paths.formUnion(folders)
        }
        return (keys, paths.sorted())
    }
}
