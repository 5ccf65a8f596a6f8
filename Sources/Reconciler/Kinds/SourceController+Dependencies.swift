internal import Domain

/// Why a source is not ready whose commit waits for something.
let dependencyNotReady = "DependencyNotReady"
/// How soon it is looked whether that is ready; nobody marks the source when it is.
let dependencyPause = Duration.seconds(5)

// The order between sources.
extension SourceController {
    /// What a source has to wait for, in words; nil for nothing.
    func unreadySource(_ spec: GitSourceSpec) async throws -> String? {
        for name in spec.dependsOn ?? [] {
            let key = ObjectKey("GitSource", namespace: nil, name: name)
            guard let stored = try await objects.stored(key) else {
                return "waits for \(key), which does not exist"
            }
            let status = stored.object.status
            guard status?.isReady(generation: stored.object.metadata.generation) != true else { continue }
            let ready = status?.condition("Ready")
            return "waits for \(key), which is not ready (\(ready?["reason"]?.string ?? "Unknown"))"
        }
        return nil
    }
}
