/// The spec of a GitSource: a repository that declares state.
package struct GitSourceSpec: Sendable, Hashable, Codable {
    package struct Reference: Sendable, Hashable, Codable {
        package var branch: String?
        package var tag: String?
        package var commit: String?
    }

    package struct Grants: Sendable, Hashable, Codable {
        package var namespaces: [String]
        package var kinds: [String]
    }

    package struct Prune: Sendable, Hashable, Codable {
        package var enabled: Bool
        package var maxPercent: Int
        package var maxObjects: Int?
    }

    /// Who may say that there is something new.
    package struct Webhook: Sendable, Hashable, Codable {
        package var signature: HookSignature
        /// In the store of that name in the source's `namespace`.
        package var secretRef: SecretReference
    }

    /// Whose signatures its commits must carry.
    package struct Verify: Sendable, Hashable, Codable {
        /// Which commits: the one that is applied, every one since what is in force, or none.
        package enum Mode: String, Sendable, Codable { case tip, range, off }

        package var mode: Mode
        /// In the format of ALLOWED SIGNERS in ssh-keygen(1).
        package var allowedSigners: String?

        /// A policy of its parts.
        package init(mode: Mode, allowedSigners: String?) {
            self.mode = mode
            self.allowedSigners = allowedSigners
        }
    }

    package enum Layout: String, Sendable, Codable { case native, community }

    package enum Drift: String, Sendable, Codable { case correct, report }

    package var url: String
    package var ref: Reference
    package var path: String
    /// Absent in a source that was stored when there was only the native one.
    package var layout: Layout?
    package var namespace: String
    package var include: [String]
    package var exclude: [String]
    package var interval: String
    package var timeout: String
    package var grants: Grants
    package var prune: Prune
    package var drift: Drift
    package var suspend: Bool
    /// When no commit is applied; nil as never.
    package var freeze: [FreezeWindow]?
    /// GitSources that must be ready before a commit is applied; nil as none.
    package var dependsOn: [String]?
    /// In the store of that name in `namespace`.
    package var secretRef: SecretReference?
    package var webhook: Webhook?
    /// Absent in a source that was stored before signatures were looked at; nil as off.
    package var verify: Verify?
}

extension GitSourceSpec.Layout {
    /// Whether a file of that path can be part of what a repository declares.
    package func has(_ path: String) -> Bool {
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") { return true }
        let name = path.split(separator: "/").last
        return self == .community && (name == "SKILL.md" || name == "README.md")
    }
}

/// What the status of a GitSource holds.
package enum GitSourceStatus {
    /// How many diagnostics it shows; more would be read by nobody, and a status is read often.
    package static let diagnosticLimit = 50
}

extension GitSourceSpec {
    /// Whether a file is read: its layout has such files, and it is included.
    package func reads(_ path: String) -> Bool { (layout ?? .native).has(path) && includes(path) }

    /// Whether a file is loaded: it matches an `include`, where there is any, and no `exclude`.
    package func includes(_ path: String) -> Bool {
        (include.isEmpty || include.contains { globMatches($0, path) })
            && !exclude.contains { globMatches($0, path) }
    }
}

extension GitSourceSpec {
    /// The annotation that leaves a source alone while it is `true`.
    package static let suspendAnnotation = "agirunner.dev/suspend"
    /// The annotation that has commits applied in spite of `freeze`, until the moment that it says.
    package static let overrideFreeze = "agirunner.dev/override-freeze"
    /// The annotation that asks for a look at once; its value is only compared.
    package static let reconcileAt = "agirunner.dev/reconcile-at"
    /// The annotation that has a suspended source apply one commit: `BASE..COMMIT`, where BASE is the commit
    /// that must be in force then, or nothing.
    package static let applyPlan = "agirunner.dev/apply-plan"
    /// The annotation that keeps an earlier commit in force, `TIP..COMMIT`.
    ///
    /// TIP is the commit that is not to be applied: as soon as the ref leads to another one, that one counts.
    package static let rollback = "agirunner.dev/rollback"
}
