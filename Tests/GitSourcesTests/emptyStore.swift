import Domain
import GitSources

extension RepositoryPorts {
    /// The ports to a store in which nothing is declared and where nothing happens.
    static var ofEmptyStore: RepositoryPorts {
        RepositoryPorts(
            others: { _, _ in OtherObjects(version: "none", specs: [:]) },
            storedAmong: { _ in [] },
            sources: { [] },
            policies: { [] },
            mark: { _ in },
            ticket: { 0 },
            wait: { _, _ in },
            report: { _ in }
        )
    }
}
