internal import Domain
internal import Secrets

// Playbooks of a catalog as Playbooks.
extension CommunityCatalog {
    mutating func readPlaybook(_ entry: CatalogEntry) {
        guard let file = compose(entry.path) else { return addUnread(entry) }
        let readme = readReadme(entry, file)
        let isEntryGood = agree(entry, with: file) && readme.isGood
        let names = displayNames
        let roles = PlaybookRoles(file, names: displayName)
        let category = categoryRecord(entry)
        add("Playbook", entry.id, in: entry.path, isEntryGood: isEntryGood) { findings in
            guard PlaybookReader.isGood(file, &findings) else { return nil }
            roles.check(file, &findings)
            guard let definition = file["definition"] else { return nil }
            var reader = PlaybookReader(roles: roles, fitting: CatalogFitting(findings: findings))
            let spec = reader.spec(file, definition)
            findings = reader.fitting.findings
            var document = CatalogDocument(spec: spec)
            document.labels = [
                (CatalogRecord.category, file["category"]?.node),
                (CatalogRecord.stability, file["stability"]?.node),
            ].compactMap { name, node in node.map { (name, $0) } }
            document.notes[CatalogRecord.author] = file["author"]?.text
            let tags = file.list("tags").compactMap(\.text)
            document.notes[CatalogRecord.tags] = tags.isEmpty ? nil : tags.joined(separator: ", ")
            document.notes[CatalogRecord.readme] = readme.text
            document.record = { object in
                let given = playbookFile(of: object) { names[$0] ?? $0 }
                var record = entry.record(catalogEntry(of: object, file: given), category: category)
                record.note("file", said: file.node.value, given: given)
                return record
            }
            return document
        }
    }

    /// Adds the object of a file that cannot be read.
    mutating func addUnread(_ entry: CatalogEntry) {
        add(entry.type.kind, entry.id, in: entry.path, isEntryGood: false) { _ in nil }
    }

    /// What playbooks call a specialist: of this catalog, or of what is stored.
    func displayName(_ id: String) -> String? {
        let key = ObjectKey("Role", namespace: options.namespace, name: objectName(ofID: id))
        return displayNames[objectName(ofID: id)] ?? options.existing[key]?["displayName"]?.string
    }

    /// Reads what playbooks call the specialists, whatever else may be wrong with them.
    mutating func readDisplayNames() {
        for entry in entries[.specialist] ?? [] {
            guard let id = entry.id.text else { continue }
            // What is wrong with the file is reported when it is read itself.
            var silent = Findings(path: entry.path)
            let file = files[entry.path]
            let stream = YAMLComposer.compose(
                SourceText(bytes: file?.bytes ?? [], size: file?.size ?? 0),
                &silent
            )
            let root = stream.documents.first.map { Place(root: $0) }
            displayNames[objectName(ofID: id)] = root?["name"]?.text ?? entry.place["name"]?.text
        }
    }

    /// The README beside a playbook, and whether it can go with the object; it should agree with the file.
    private mutating func readReadme(
        _ entry: CatalogEntry,
        _ file: Place
    ) -> (text: String?, isGood: Bool) {
        let path = readmePath(beside: entry.path)
        guard let readme = files[path] else {
            judge(entry.path, object: entry.object) {
                $0.report(.noReadme, at: file.mark, "a playbook should have the file README.md beside it")
            }
            return (nil, true)
        }
        var text: String?
        let before = errorCount(path)
        judge(path, object: entry.object) { findings in
            let source = SourceText(bytes: readme.bytes, size: readme.size)
            guard source.isReadable(&findings) else { return }
            let whole = String(decoding: readme.bytes, as: UTF8.self)
            text = whole
            let lines = source.lines
            checkSecrecy(of: whole, lines, &findings)
            checkHeading(lines, from: 0, is: file["name"]?.text, &findings)
            let parameters = file["definition"]?.list("parameters").count ?? 0
            let prose = proseLines(lines, from: 0)
            guard let heading = prose.firstIndex(where: { lines[$0] == "## Inputs" }) else { return }
            let start = prose[heading]
            let section = prose[(heading + 1)...].prefix { !lines[$0].hasPrefix("## ") }
            let inputs = section.count { line in ["- ", "* ", "+ "].contains { lines[line].hasPrefix($0) } }
            guard inputs != parameters else { return }
            findings.report(
                .otherInputs,
                at: lineSpan(lines, start),
                "the section should list the \(parameters) parameters of the playbook; it lists \(inputs)"
            )
        }
        return (text, errorCount(path) == before)
    }
}

/// The path of the README beside a file.
func readmePath(beside path: String) -> String {
    path.split(separator: "/").dropLast().joined(separator: "/") + "/README.md"
}

/// Reports a README that holds what nothing stored may hold.
private func checkSecrecy(of text: String, _ lines: [String], _ findings: inout Findings) {
    guard let noun = looksLikeCredential(text) else { return }
    let line = lines.firstIndex { looksLikeCredential($0) != nil }
    findings.report(
        .credential,
        at: line.map { lineSpan(lines, $0) } ?? .whole,
        "a README must not hold a credential; this looks like \(noun)",
        fix: "take it out, and make a new one"
    )
}

/// Which specialists a playbook has, and what it calls them.
struct PlaybookRoles {
    /// In the order of the file, each once.
    private(set) var ids: [(place: Place, name: String, displayName: String?)] = []
    private(set) var byDisplayName: [String: String] = [:]

    init(_ file: Place, names: (String) -> String?) {
        var seen: Set<String> = []
        for place in file.list("specialist_ids") {
            guard let id = place.text, seen.insert(id).inserted else { continue }
            let name = objectName(ofID: id)
            let displayName = names(id)
            ids.append((place, name, displayName))
            if let displayName, byDisplayName[displayName] == nil { byDisplayName[displayName] = name }
        }
    }

    /// Reports names that are not, or not only, those of a listed specialist.
    func check(_ file: Place, _ findings: inout Findings) {
        for (place, name, displayName) in ids {
            guard let displayName, let first = byDisplayName[displayName], first != name else { continue }
            findings.report(
                .sharedDisplayName,
                place,
                "must not be called '\(displayName)' like the specialist '\(first)' of the same playbook"
            )
        }
        guard let definition = file["definition"] else { return }
        // What an unknown specialist is called nobody can know; that it is unknown is reported.
        let isKnown = !ids.contains { $0.displayName == nil }
        let roles = definition["roles"]
        let listed = Set(definition.list("roles").compactMap(\.text))
        for place in definition.list("roles") where isKnown {
            guard let text = place.text, byDisplayName[text] == nil else { continue }
            findings.report(
                .unknownDisplayName,
                place,
                "must be what a specialist of this playbook is called; '\(text)' is none",
                fix: findings.suggestion(for: text, among: Array(byDisplayName.keys)),
                notes: file["specialist_ids"].map { [findings.note($0.mark, "specialists are listed")] } ?? []
            )
        }
        for place in definition.list("stages").flatMap({ $0.list("involves") }) {
            guard let text = place.text, !listed.contains(text) else { continue }
            findings.report(
                .foreignRole,
                place,
                "must be a role of this playbook; '\(text)' not found",
                fix: findings.suggestion(for: text, among: Array(listed)),
                notes: roles.map { [findings.note($0.mark, "roles are declared")] } ?? []
            )
        }
    }
}
