import Domain

/// The revisions of a source, those that were applied last first.
func appliedRevisions(of source: String, _ client: ControlClient) async throws -> [Object] {
    let found = try await client.list(.revision, namespace: nil, labels: "\(LiveLabel.source)=\(source)")
    // The version is the position of the last word about a revision, which is when it was applied.
    return found.sorted {
        ($0.metadata.resourceVersion ?? .start) > ($1.metadata.resourceVersion ?? .start)
    }
}
