package import Domain

/// What a load must know besides the files.
package struct LoadOptions: Sendable {
    /// Name of the GitSource; nil when the objects come from a person.
    package var gitSource: String?
    /// The commit the files are of.
    package var commit: CommitID?
    /// Who applies, when there is no GitSource.
    package var appliedBy = "local"
    /// The namespace of objects that name none.
    package var namespace = ObjectKey.defaultNamespace
    /// The source's own URL: relative workspaces are resolved against it, and no workspace may be it.
    package var sourceURL: String?
    /// What may be declared; nil means everything.
    package var grants: GitSourceSpec.Grants?
    /// Whose signatures the commits of the source must carry; nil as off.
    package var verify: GitSourceSpec.Verify?
    /// The specs of stored objects that stay, whatever this load declares: references may name them.
    ///
    /// Objects of the source that is loaded do not belong here: what a revision left out is gone.
    package var existing: [ObjectKey: Value] = [:]

    /// The specs that what is declared here would replace: of playbooks, to find changes without a new
    /// version, of Decisions and started Workflows, which may not change, and of Policies, which hold while a
    /// file that may declare them cannot be read.
    package var inForce: [ObjectKey: Value] = [:]
    /// The folders that hold community catalogs, `""` for the top; what lies elsewhere is native.
    package var communityRoots: [String] = []

    /// Whether the files are all of a configuration, so that what nothing in them uses is doubtful.
    package var isWhole = false

    /// Whether what a server added to an object is passed over, as in what `get -o yaml` prints.
    package var passesOverServerFields = false
    /// What becomes of a field that no kind has.
    package var unknownFields = UnknownFields.refused

    /// What becomes of unknown fields: a commit's are always refused, a client may ask for less.
    package enum UnknownFields: Sendable {
        case refused
        /// Left out, with a warning.
        case warned
        /// Left out.
        case ignored
    }

    /// Whether each object keeps where its fields stand and which of them its file names, for telling a
    /// person what changed, and for sending what was written.
    ///
    /// The control plane holds thousands of objects and asks for none of it.
    package var keepsPlaces = false

    /// The options of a load that may declare everything; set what differs on the result.
    package init() {}
}
