internal import Domain
internal import Git
internal import Threads

/// Marks sources of local repositories as soon as their refs change; polling is the net below.
package struct SourceWatch: Sendable {
    private let ports: RepositoryPorts

    /// A watch over the sources that the store knows.
    package init(ports: RepositoryPorts) { self.ports = ports }

    /// Watches until it is cancelled; what fails, such as a store that is away, is reported and tried again.
    package func run(report: @Sendable (any Error) -> Void) async {
        var watched: [String] = []
        var watch: FileWatch?
        while !Task.isCancelled {
            let ticket = ports.ticket()
            do {
                let (keys, paths) = try await localRepositories()
                if paths != watched {
                    watch = paths.isEmpty ? nil : try FileWatch(paths: paths)
                    watched = paths
                    // What changed before the watch began would be missed.
                    try await ports.mark(keys)
                }
                if let watch {
                    // Sources that are new meanwhile wait as long for a watch of their own.
                    if try await watch.next(until: .after(.seconds(3))) {
                        try await ports.mark(keys)
                    }
                } else {
                    await ports.wait(ticket, .seconds(5))
                }
            } catch {
                if Task.isCancelled { return }
                report(error)
                await ports.wait(ports.ticket(), .seconds(5))
            }
        }
    }

    private func localRepositories() async throws -> (keys: [ObjectKey], paths: [String]) {
        var keys: [ObjectKey] = []
        var paths: Set<String> = []
        for stored in try await ports.sources() {
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
