internal import Domain

/// What has a manifest of its own; in the order in which the manifests are read.
enum CatalogType: String, CaseIterable {
    case playbook, specialist, skill

    var list: String { rawValue + "s" }
    var manifest: String { "catalog/\(list).yaml" }
    var fileName: String {
        switch self {
        case .playbook: "playbook.yaml"
        case .specialist: "specialist.yaml"
        case .skill: "SKILL.md"
        }
    }
    var kind: String {
        switch self {
        case .playbook: "Playbook"
        case .specialist: "Role"
        case .skill: "Skill"
        }
    }
}

/// One entry of a manifest whose file is there.
struct CatalogEntry {
    let type: CatalogType
    let place: Place
    let position: Int
    let id: YAMLNode
    let path: String
    /// False when the entry has an error, which holds the object back.
    var isGood: Bool

    var object: String { "\(type.kind)/\(objectName(ofID: id.text ?? ""))" }

    /// A record with what the entry says, for an object that gives another entry.
    func record(_ given: Value, category: Value?) -> CatalogRecord {
        var record = CatalogRecord(path: path, position: position)
        record.note("entry", said: place.node.value, given: given)
        record.members["category"] = category
        return record
    }
}

// The manifests, and what they and the files must agree on.
extension CommunityCatalog {
    static let categoriesPath = "catalog/categories.yaml"
    static let toolProfilesPath = "catalog/tool-profiles.yaml"

    /// The elements of the list that is all of a file; nil when the file cannot be read.
    private mutating func elements(_ path: String, _ list: String) -> [Place]? {
        guard let root = compose(path) else {
            markUnreadable(path)
            return nil
        }
        var found: [Place]?
        judge(path) { findings in
            for (name, key, value) in root.members where name != list {
                findings.report(
                    .unknownKey,
                    at: key.span,
                    field: value.field,
                    "the document must not have the key '\(name)'; it is unknown"
                )
            }
            guard let place = root[list] else {
                return findings.reportMissing(list, in: root, "must be present")
            }
            guard case .sequence = place.node.content else {
                return findings.report(.wrongType, place, "must be a list, and is \(place.node.noun)")
            }
            found = place.elements
        }
        if found == nil { markUnreadable(path) }
        return found
    }

    mutating func readCategories() {
        guard files[Self.categoriesPath] != nil, let places = elements(Self.categoriesPath, "categories")
        else { return }
        var found: [String: PlacedCategory] = [:]
        var spare: [PlacedCategory] = []
        var position = 0
        judge(Self.categoriesPath) { findings in
            for place in places {
                let value = findings.read(place, as: .object(CatalogFields.category), unknown: .ignored)
                guard let id = value?["id"]?.string else { continue }
                let category = (position, place.node.value)
                position += 1
                if found[id] == nil { found[id] = category } else { spare.append(category) }
            }
        }
        categories = found
        spareCategories = spare
    }

    mutating func readManifest(_ type: CatalogType) {
        guard files[type.manifest] != nil else {
            if type == .playbook {
                markUnreadable(type.manifest)
                markAllUnreadable(type)
                judge(type.manifest) {
                    $0.report(.noManifest, at: .whole, "a catalog must have the file \(type.manifest)")
                }
            }
            return
        }
        guard let places = elements(type.manifest, type.list) else { return markAllUnreadable(type) }
        var seen: [String: TextSpan] = [:]
        for (position, place) in places.enumerated() {
            let before = errorCount(type.manifest)
            let name = place["id"]?.text.map { objectName(ofID: $0) }
            judge(type.manifest, object: name.map { "\(type.kind)/\($0)" }) { findings in
                _ = findings.read(place, as: .object(CatalogFields.entry), unknown: .ignored)
                guard let id = place["id"], let text = id.text else { return }
                if let earlier = seen[text] {
                    let note = findings.note(earlier, "it stands first")
                    findings.report(.duplicateName, id, "must differ from the ids before it", notes: [note])
                }
                seen[text] = seen[text] ?? id.node.span
            }
            guard let id = place["id"]?.node, id.text?.isEmpty == false else {
                markUnreadable(type.manifest)
                continue
            }
            accept(type, place, position, id, isGood: errorCount(type.manifest) == before)
        }
    }

    /// Notes an entry whose file is there; one without is an object that cannot be read.
    private mutating func accept(
        _ type: CatalogType,
        _ place: Place,
        _ position: Int,
        _ id: YAMLNode,
        isGood: Bool
    ) {
        var isGood = isGood
        var path = ""
        let before = errorCount(type.manifest)
        let (files, catalog) = (files, self)
        judge(type.manifest, object: "\(type.kind)/\(objectName(ofID: id.text ?? ""))") { findings in
            guard let given = place["path"], let text = given.text, !text.isEmpty else { return }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard !text.hasPrefix("/"), !parts.contains(".."), !text.contains("\\") else {
                return findings.report(
                    .catalogPath,
                    given,
                    "must lead to a file below the catalog, without .."
                )
            }
            guard files[text] != nil else {
                let fix = findings.suggestion(for: text, among: Array(files.keys))
                return findings.report(
                    .entryWithoutFile,
                    given,
                    "must name a file; '\(text)' is none",
                    fix: fix
                )
            }
            path = text
            catalog.checkFolders(parts.dropLast(), place, id, &findings)
        }
        judgeCategory(place, type)
        if errorCount(type.manifest) > before { isGood = false }
        let entry = CatalogEntry(
            type: type,
            place: place,
            position: position,
            id: id,
            path: path,
            isGood: isGood
        )
        guard !path.isEmpty else {
            return add(type.kind, id, in: type.manifest, isEntryGood: false) { _ in nil }
        }
        entries[type, default: []].append(entry)
    }

    /// Reports an id and a category that are not the folders of the file.
    fileprivate func checkFolders(
        _ folders: ArraySlice<Substring>,
        _ place: Place,
        _ id: YAMLNode,
        _ findings: inout Findings
    ) {
        if let folder = folders.last, String(folder) != id.text {
            findings.report(
                .otherID,
                at: id.span,
                field: "\(place.field).id",
                "\(place.field).id must be the name of its folder, which is '\(folder)'"
            )
        }
        guard let category = place["category"], let folder = folders.dropLast().last,
            category.text != String(folder)
        else { return }
        findings.report(.category, category, "must be the folder above, which is '\(folder)'")
    }

    private mutating func judgeCategory(_ place: Place, _ type: CatalogType) {
        guard let categories, let category = place["category"], let name = category.text,
            categories[name] == nil
        else { return }
        let object = "\(type.kind)/\(objectName(ofID: place["id"]?.text ?? ""))"
        judge(type.manifest, object: object) { findings in
            findings.report(
                .category,
                category,
                "must be one of the categories; '\(name)' is none",
                fix: findings.suggestion(for: name, among: Array(categories.keys))
            )
        }
    }

    /// The category of an entry with its place in the list, and whatever nothing else could carry.
    func categoryRecord(_ entry: CatalogEntry) -> Value? {
        guard let categories else { return nil }
        var carried = [entry.place["category"]?.text.flatMap { categories[$0] }].compactMap(\.self)
        // The categories that nothing belongs to go with the first object there is.
        let first = CatalogType.allCases.lazy.compactMap { entries[$0]?.first }.first
        if first?.type == entry.type, first?.position == entry.position {
            let used = Set(entries.values.joined().compactMap { $0.place["category"]?.text })
            carried += categories.filter { !used.contains($0.key) }.values + spareCategories
        }
        guard !carried.isEmpty else { return nil }
        carried.sort { $0.position < $1.position }
        return .array(
            carried.map { ["position": .integer(Int64($0.position)), "value": $0.value] }
        )
    }

    /// Reports what an entry and its file say differently, at the entry.
    ///
    /// - Returns: whether they agree.
    mutating func agree(_ entry: CatalogEntry, with file: Place) -> Bool {
        let before = errorCount(entry.type.manifest)
        let path = fullPath(entry.path)
        judge(entry.type.manifest, object: entry.object) { findings in
            let pairs =
                ["id", "name", "author", "category", "version", "stability", "specialist_ids", "skill_ids"]
                .map { ($0, $0) } + [("summary", "description")]
            for (key, other) in pairs {
                guard let said = entry.place[key], let there = file[other],
                    said.node.value != there.node.value
                else { continue }
                let note = Diagnostic.Note(
                    path: path,
                    position: there.node.span.start,
                    message: "the file says otherwise"
                )
                findings.report(
                    key == "id" ? .otherID : .manifestDrift,
                    at: said.node.span.start.line == said.node.span.end.line ? said.node.span : said.mark,
                    field: said.field,
                    "\(said.field) must be what its file says as \(other)",
                    notes: [note],
                    // A description may be longer than any summary.
                    severity: key == "summary" ? .warning : nil
                )
            }
        }
        return entry.isGood && errorCount(entry.type.manifest) == before
    }

    private mutating func markAllUnreadable(_ type: CatalogType) {
        for path in files.keys where path.hasPrefix(type.list + "/") { markUnreadable(path) }
    }

    /// Reports files that look like a catalog's and are in no manifest.
    mutating func reportForgottenFiles() {
        let named = Set(entries.values.joined().map(\.path))
        for type in CatalogType.allCases {
            let suffix = "/" + type.fileName
            for path in files.keys.sorted() where path.hasPrefix(type.list + "/") && path.hasSuffix(suffix) {
                guard !named.contains(path), !isUnreadable(path) else { continue }
                markUnreadable(path)
                judge(path) {
                    $0.report(.fileWithoutEntry, at: .whole, "the file must be named in \(type.manifest)")
                }
            }
        }
    }
}
