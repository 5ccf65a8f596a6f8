import Support
import Testing

/// What tests of private repositories look at.
extension System {
    /// Waits until the condition of a GitSource says some words, and answers all of it.
    @discardableResult
    func expectCondition(of source: String, _ words: String) async throws -> String {
        let isSeen = try await eventually(within: .seconds(60)) {
            try await self.condition(of: source).contains(words)
        }
        let seen = try await self.condition(of: source)
        #expect(isSeen, "'\(words)' is not in \(seen)")
        return seen
    }

    /// The declaration of the GitSource `afar`, which is entered with a secret of the SecretStore `vault`.
    ///
    /// `more` are further lines of its spec, indented as such.
    func sourceWithSecret(_ key: String, url: String, interval: String = "1s", more: String = "") -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: GitSource
        metadata:
          name: afar
        spec:
          url: \(url)
          ref: {branch: main}
          interval: \(interval)
          secretRef: {store: vault, key: \(key)}
          grants: {namespaces: ["*"], kinds: [Skill]}
        \(more)
        """
    }

    /// Where any of these secrets can be read.
    ///
    /// Looked at are logs, the database and its journal, mirrors, arguments, environments, objects, events.
    /// A secret of the environment may stand there and nowhere else.
    func leaks(of secrets: [String], orInEnvironment own: [String] = []) async throws -> String {
        try folder.write(secrets.joined(separator: "\n") + "\n", to: "secrets")
        try folder.write((secrets + own).joined(separator: "\n") + "\n", to: "all-secrets")
        let found = try await shell(
            """
            grep -rlaF -f all-secrets '\(state)' || true
            cat /proc/[0-9]*/{cmdline,environ} 2>/dev/null | tr '\\0' '\\n' | grep -aF -f secrets || true
            agirunner get gitsources,secretstores,revisions -o yaml | grep -F -f all-secrets || true
            agirunner events | grep -F -f all-secrets || true
            """
        )
        #expect(found.code == 0, "\(found.error)")
        return found.output
    }
}
