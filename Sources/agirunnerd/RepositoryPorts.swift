import Catalog
import Domain
import GitSources
import Reconciler
import Store
import Telemetry

func repositoryPorts(_ store: Store, _ secrets: SecretReader) -> RepositoryPorts {
    RepositoryPorts(
        others: { source, known in
            let kinds = LoadOptions.kindsReadOfOthers
            let others = try await store.othersDeclared(than: source, known: known, kinds: kinds)
            return OtherObjects(version: others.version, specs: others.specs)
        },
        storedAmong: { try await store.storedObjects($0) },
        sources: { try await store.storedObjects(kind: "GitSource", namespace: nil) },
        policies: { try await store.storedObjects(kind: "Policy", namespace: nil) },
        mark: { try await store.mark($0.map { Mark($0, priority: .webhook) }) },
        credential: secrets.credential,
        ticket: { store.bellTicket() },
        wait: { await store.waitBell(after: $0, deadline: $1) },
        report: { cost in
            count("agirunner_blobs_read", cost.blobsRead)
            count("agirunner_blobs_parsed", cost.blobsParsed)
        }
    )
}
