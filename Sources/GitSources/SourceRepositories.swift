internal import Catalog
internal import Domain
internal import Git
package import Reconciler
internal import Synchronization
internal import Threads

/// The repositories behind the GitSources: a mirror and what was read of it, each.
package final class SourceRepositories: Sendable {
    struct Entry {
        let mirror: Mirror
        var known = KnownTree()
        var seals = KnownSeals()
    }

    private let folder: String
    let ports: RepositoryPorts
    let entries = Mutex<[String: Entry]>([:])

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
            },
            verify: { [self] name, spec, commit, base in
                try await verify(name, spec, commit, since: base)
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
        if spec.layout == .community { return try await loadCatalog(name, spec, commit, mirror) }
        // What a load that fails leaves behind is not kept; nor may two hold what is changed in place.
        var known = takeKnown(name)
        let base = known.commit
        let others = try await ports.others(name, known.others?.version)
        known.others = others.specs == nil ? known.others : others
        let reader = TreeReader(mirror: mirror, spec: spec)
        let (tree, cost) = try await reader.update(&known, to: commit)
        let changed = known.memory.changedObjects(namespace: spec.namespace)
        let inForce = try await ports.storedAmong(changed).filter { $0.origin.gitSource == name }
        var options = LoadOptions.source(
            name,
            spec,
            commit: commit,
            others: known.others?.specs ?? [:],
            inForce: LoadOptions.inForce(inForce)
        )
        var judged = known.memory.judge(options, othersVersion: others.version)
        if let policies = try await policiesToKeep(name, judged.loaded) {
            options.inForce.merge(policies) { compared, _ in compared }
            judged = known.memory.judge(options, othersVersion: others.version)
        }
        let excerpts = try await reader.addExcerpts(to: &judged.loaded, known.memory)
        known.memory.keepExcerpts(judged.loaded.diagnostics)
        keep(known, name)
        ports.report(LoadCost(blobsRead: cost.blobsRead + excerpts, blobsParsed: cost.blobsParsed))
        return LoadedRevision(
            commit: commit,
            author: "\(tree.author.name) <\(tree.author.email)>",
            message: tree.message,
            declared: judged.loaded.objects,
            diagnostics: judged.loaded.diagnostics,
            heldBack: judged.loaded.heldBack,
            changes: base.flatMap { base in
                judged.changes.map { LoadedChanges(base: base, put: $0.put, removed: $0.removed) }
            }
        )
    }

    /// Loads a catalog as a whole: hardly anything in it can be judged by itself.
    private func loadCatalog(
        _ name: String,
        _ spec: GitSourceSpec,
        _ commit: CommitID,
        _ mirror: Mirror
    ) async throws -> LoadedRevision {
        let (tree, files) = try await TreeReader(mirror: mirror, spec: spec).readAll(commit)
        let others = try await ports.others(name, nil)
        var options = LoadOptions.source(
            name,
            spec,
            commit: commit,
            others: others.specs ?? [:],
            inForce: [:]
        )
        // Which playbooks there are is known only when they are read.
        let keys = Loader().load(files, options: options).objects.map(\.object.key)
        let playbooks = keys.filter { $0.kind == "Playbook" }
        let inForce = try await ports.storedAmong(playbooks).filter { $0.origin.gitSource == name }
        options.inForce = inForce.specs
        var loaded = Loader().load(files, options: options)
        if let policies = try await policiesToKeep(name, loaded) {
            options.inForce.merge(policies) { compared, _ in compared }
            loaded = Loader().load(files, options: options)
        }
        loaded.addExcerpts(from: files, limit: GitSourceStatus.diagnosticLimit)
        ports.report(LoadCost(blobsRead: files.count, blobsParsed: files.count))
        return LoadedRevision(
            commit: commit,
            author: "\(tree.author.name) <\(tree.author.email)>",
            message: tree.message,
            declared: loaded.objects,
            diagnostics: loaded.diagnostics,
            heldBack: loaded.heldBack
        )
    }

    /// The Policies of a source that are in force, when a file that cannot be read may still declare them;
    /// nil when that makes no difference.
    private func policiesToKeep(_ name: String, _ loaded: Loaded) async throws -> [ObjectKey: Value]? {
        guard !loaded.unreadable.isEmpty else { return nil }
        let own = try await ports.policies().filter { $0.origin.gitSource == name }
        return own.isEmpty ? nil : own.specs
    }

    private func takeKnown(_ name: String) -> KnownTree {
        entries.withLock { entries in
            defer { entries[name]?.known = KnownTree() }
            return entries[name]?.known ?? KnownTree()
        }
    }

    private func keep(_ known: KnownTree, _ name: String) {
        entries.withLock { $0[name]?.known = known }
    }

    func mirror(_ name: String) throws -> Mirror {
        try entries.withLock { entries in
            if let entry = entries[name] { return entry.mirror }
            let mirror = try Mirror(directory: "\(folder)/\(name).git")
            entries[name] = Entry(mirror: mirror)
            return mirror
        }
    }

    func deadline(_ spec: GitSourceSpec) -> Deadline {
        .after(Duration(text: spec.timeout) ?? .seconds(60))
    }
}
