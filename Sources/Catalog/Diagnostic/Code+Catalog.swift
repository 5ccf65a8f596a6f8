internal import Domain

extension Code {
    /// What the codes of community catalogs mean.
    var catalogExplained: (title: String, why: String) {
        switch self {
        case .noManifest:
            (
                "no manifest",
                "A catalog is what its manifests name; without that of the playbooks nobody knows them."
            )
        case .entryWithoutFile:
            ("entry without a file", "The file that the manifest names is not there, or is a link.")
        case .fileWithoutEntry:
            (
                "file without an entry",
                "What no manifest names is not part of the catalog for its other readers."
            )
        case .catalogPath:
            ("path outside the catalog", "A manifest names files below the catalog, with forward slashes.")
        case .otherID: ("another id", "An id, its folder and its entry in the manifest are the same word.")
        case .category:
            (
                "another category",
                "A category is one of catalog/categories.yaml and the folder that files lie in."
            )
        case .manifestDrift:
            ("manifest and file differ", "Readers take some fields from the one and some from the other.")
        case .otherSlug: ("slug is not the id", "An imported playbook is known by its slug, here by its id.")
        case .frontmatter:
            ("no frontmatter", "A skill begins with name and description between two lines of three dashes.")
        case .noReadme:
            ("no README", "Other readers of the catalog refuse a playbook without one.")
        case .otherHeading:
            ("another heading", "The first heading of a document is the name of what it is about.")
        case .otherInputs: ("another number of inputs", "A README lists what a run of the playbook is given.")
        case .otherCopy:
            ("two copies differ", "What stands in the playbook counts; the copy in its definition does not.")
        case .withoutEffect:
            ("without effect", "The format has the field and nothing here acts on it; it is kept as it is.")
        default:
            (
                "kept in another form",
                "The catalog's words are kept, and a form of them that fits is used."
            )
        }
    }
}
