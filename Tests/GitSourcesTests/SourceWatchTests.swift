import Domain
import GitSources
import Support
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct SourceWatchTests {
    private struct Seen: Sendable {
        /// Commits of the store.
        var bell: UInt64 = 0
        var looks = 0
        var marked: [ObjectKey] = []
    }

    @Test func `a source that is declared while the watch looks is not waited for`() async throws {
        let repository = try await TemporaryRepository()
        try await repository.commit(["a.yaml": "# Nothing."])
        let first = try firstSource(url: repository.path, appliedBy: "unix:0")
        let source = Stored(object: first.object, digest: first.digest, origin: first.origin)
        let seen = Mutex(Seen())
        let (marks, signal) = AsyncStream.makeStream(of: Void.self)
        var ports = RepositoryPorts.ofEmptyStore
        ports.sources = {
            seen.withLock { seen in
                seen.looks += 1
                // The first look is over when the commit comes that declares the source.
                if seen.looks == 1 { seen.bell += 1 }
                return seen.looks == 1 ? [] : [source]
            }
        }
        ports.mark = { keys in
            seen.withLock { $0.marked += keys }
            if !keys.isEmpty { signal.finish() }
        }
        ports.ticket = { seen.withLock(\.bell) }
        ports.wait = { ticket, limit in
            guard seen.withLock({ $0.bell <= ticket }) else { return }
            // Nothing else will be committed: whoever waits here does so for all its time.
            try? await ContinuousClock().sleep(for: max(limit, .seconds(600)))
        }
        let watch = SourceWatch(ports: ports)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run { error in Issue.record(error) } }
            for await _ in marks {}
            group.cancelAll()
        }
        #expect(seen.withLock(\.marked) == [source.object.key])
    }
}
