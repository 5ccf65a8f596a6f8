internal import Domain
internal import Secrets

// Policies change what the playbooks of a commit become, without a new commit.
extension SourceController {
    /// A text that is another whenever a Policy is that may concern the source; empty where there is none.
    func policyVersion(_ spec: GitSourceSpec) async throws -> String {
        let granted = Set(spec.grants.namespaces + [spec.namespace])
        let policies = try await objects.ofKind("Policy", nil).filter { policy in
            granted.contains("*") || granted.contains(policy.object.metadata.namespace ?? "")
        }
        let texts = policies.map { "\($0.object.key) \($0.digest)" }.sorted()
        return texts.isEmpty ? "" : hex(sha256(Array(texts.joined(separator: "\n").utf8)))
    }
}
