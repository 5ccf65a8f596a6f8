/// Where a declared object came from.
package struct Origin: Sendable, Hashable, Codable {
    /// Name of the GitSource, or nil when a person applied it on the control door.
    package var gitSource: String?
    package var commit: CommitID?
    package var path: String?
    package var line: Int?
    package var column: Int?
    /// Who applied it on the control door (`unix:1000`), or nil when git declares it.
    package var appliedBy: String?
    /// The fields that a file declares; nil for what no file does.
    package var fields: FieldSet?
    /// Who holds fields besides a file; nil for nobody.
    package var owners: [FieldOwner]?
    /// The fields that a file declares and somebody took from it; nil for none.
    package var taken: FieldSet?
    /// The digest of the spec that a file declares, where fields of others make it another; nil where not.
    package var declared: Digest?

    /// An origin in git.
    package init(gitSource: String, commit: CommitID, path: String, position: TextPosition) {
        self.gitSource = gitSource
        self.commit = commit
        self.path = path
        line = position.line
        column = position.column
    }

    /// An origin on the control door.
    package init(appliedBy: String?) { self.appliedBy = appliedBy }
}

extension Object {
    /// Where a declared object that was read from a server says it comes from.
    ///
    /// *Shape*: an origin without source and user for an object that does not say.
    package var origin: Origin {
        var origin = Origin(appliedBy: status?.at("appliedBy", "user")?.string)
        let entries = metadata.managedFields ?? []
        origin.owners =
            entries.filter { !$0.manager.hasPrefix("git:") }.map { entry in
                FieldOwner(
                    name: entry.manager,
                    operation: entry.operation,
                    time: entry.time ?? Timestamp(microseconds: 0),
                    fields: FieldSet(fieldsV1: entry.fieldsV1)
                )
            }.stored
        guard let source = status?["source"], let name = source["gitSource"]?.string else { return origin }
        origin.gitSource = name
        origin.commit = source["commit"]?.string.map { CommitID($0) }
        origin.path = source["path"]?.string
        origin.line = source["line"]?.integer.map(Int.init(clamping:))
        origin.column = source["column"]?.integer.map(Int.init(clamping:))
        origin.taken = source["taken"].map(FieldSet.init(fieldsV1:))
        origin.fields = entries.first { $0.manager == origin.manager }.map { entry in
            FieldSet(fieldsV1: entry.fieldsV1).union(origin.taken ?? .none)
        }
        return origin
    }
}
