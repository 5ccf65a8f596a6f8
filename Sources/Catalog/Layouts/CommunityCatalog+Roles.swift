internal import Domain

// Specialists, skills and tool profiles of a catalog as Roles, Skills and ToolProfiles.
extension CommunityCatalog {
    mutating func readSpecialist(_ entry: CatalogEntry) {
        guard let file = compose(entry.path) else { return addUnread(entry) }
        let isEntryGood = agree(entry, with: file)
        let category = categoryRecord(entry)
        add("Role", entry.id, in: entry.path, isEntryGood: isEntryGood) { findings in
            guard isGoodSpecialist(file, &findings) else { return nil }
            var fitting = CatalogFitting(findings: findings)
            let spec = roleSpec(file, &fitting)
            findings = fitting.findings
            var document = CatalogDocument(spec: spec)
            document.labels = [
                (CatalogRecord.category, file["category"]?.node),
                (CatalogRecord.stability, file["stability"]?.node),
            ].compactMap { name, node in node.map { (name, $0) } }
            document.record = { object in
                let given = specialistFile(of: object)
                var record = entry.record(catalogEntry(of: object, file: given), category: category)
                record.note("file", said: file.node.value, given: given)
                return record
            }
            return document
        }
    }

    mutating func readSkill(_ entry: CatalogEntry) {
        guard let file = files[entry.path] else { return }
        guard let skill = readSkillFile(file, entry) else { return addUnread(entry) }
        if skill.head["name"]?.text != entry.id.text, let name = skill.head["name"] {
            let id = entry.id.text ?? ""
            judge(entry.path, object: entry.object) {
                $0.report(.otherID, name, "must be the id in \(entry.type.manifest), which is '\(id)'")
            }
            return addUnread(entry)
        }
        let category = categoryRecord(entry)
        add("Skill", entry.id, in: entry.path, isEntryGood: entry.isGood) { findings in
            let lines = SourceText(bytes: Array(skill.text.utf8)).lines
            checkHeading(lines, from: skill.bodyLine, is: entry.place["name"]?.text, &findings)
            let place = skill.head["name"]?.node.span ?? .whole
            let description = skill.head["description"]?.text ?? ""
            let summary = entry.place["summary"]?.text ?? description
            let name = entry.place["name"]?.text ?? entry.id.text ?? ""
            let flat = String(name.map { TextFormat.line.accepts(String($0)) ? $0 : " " })
            let body = TextSpan(
                start: .init(line: skill.bodyLine + 1, column: 1),
                end: .init(line: skill.bodyLine + 1, column: 1)
            )
            var document = CatalogDocument(
                spec: .mapping(
                    [
                        ("displayName", .text(flat, place)), ("summary", .text(summary, place)),
                        ("body", .text(skill.body.isEmpty ? summary : skill.body, body)),
                    ],
                    place
                )
            )
            document.labels = [
                (CatalogRecord.category, entry.place["category"]?.node),
                (CatalogRecord.stability, entry.place["stability"]?.node),
            ].compactMap { key, node in node.map { (key, .text($0.text ?? "", place)) } }
            document.notes[CatalogRecord.whenToUse] = description
            document.record = { object in
                var record = entry.record(catalogEntry(of: object, file: [:]), category: category)
                if skill.body.isEmpty { record.members["body"] = "" }
                if skillText(of: object, record) != skill.text {
                    record.members["head"] = .string(skill.textBeforeBody)
                }
                return record
            }
            return document
        }
    }

    private mutating func readSkillFile(_ file: SourceFile, _ entry: CatalogEntry) -> SkillFile? {
        let text = SourceText(bytes: file.bytes, size: file.size)
        var skill: SkillFile?
        judge(entry.path, object: entry.object) { findings in
            guard text.isReadable(&findings) else { return }
            skill = SkillFile(String(decoding: file.bytes, as: UTF8.self), &findings)
        }
        return skill
    }

    mutating func readToolProfiles() {
        let path = Self.toolProfilesPath
        guard files[path] != nil else { return }
        guard let root = compose(path) else { return markUnreadable(path) }
        guard case .sequence = root["tool_profiles"]?.node.content else {
            markUnreadable(path)
            return judge(path) { $0.reportMissing("tool_profiles", in: root, "must be a list") }
        }
        for (position, place) in root.list("tool_profiles").enumerated() {
            guard let id = place["id"]?.node, id.text?.isEmpty == false else {
                markUnreadable(path)
                judge(path) { $0.reportMissing("id", in: place, "must be present") }
                continue
            }
            add("ToolProfile", id, in: path) { findings in
                let before = findings.errorCount
                _ = findings.read(place, as: .object(CatalogFields.toolProfile), unknown: .ignored)
                guard findings.errorCount == before, let tools = place["tools"] else { return nil }
                var fitting = CatalogFitting(findings: findings)
                let description = place["description"].map {
                    fitting.prose($0, limit: 2000, instead: id.text ?? "")
                }
                let list = fitting.tools(tools)
                findings = fitting.findings
                var document = CatalogDocument(
                    spec: .mapping(
                        [("description", description ?? .text(id.text ?? "", id.span)), ("tools", list)],
                        place.node.span
                    )
                )
                document.record = { object in
                    var record = CatalogRecord(path: path, position: position)
                    record.note("file", said: place.node.value, given: toolProfileFile(of: object))
                    return record
                }
                return document
            }
        }
    }
}

private func isGoodSpecialist(_ file: Place, _ findings: inout Findings) -> Bool {
    let before = findings.errorCount
    _ = findings.read(file.without(["allowed_tools"]), as: .object(CatalogFields.specialist))
    if let tools = file["allowed_tools"] {
        let isList = if case .sequence = tools.node.content { true } else { false }
        _ = findings.read(tools, as: isList ? CatalogFields.toolNames : CatalogFields.toolProfileName)
    } else {
        findings.reportMissing("allowed_tools", in: file, "must be present")
    }
    return findings.errorCount == before
}

private func roleSpec(_ file: Place, _ fitting: inout CatalogFitting) -> YAMLNode {
    let tools = file["allowed_tools"]
    let isList = if case .sequence = tools?.node.content { true } else { false }
    var seen: Set<String> = []
    let skills = file.list("skill_ids").compactMap { place -> YAMLNode? in
        guard let id = place.text, seen.insert(id).inserted else { return nil }
        return .text(objectName(ofID: id), place.node.span)
    }
    return .mapping(
        [
            ("displayName", file["name"].map { fitting.line($0, limit: 200, instead: "-") }),
            ("description", file["description"].map { .text($0.text ?? "", $0.node.span) }),
            ("prompt", file["system_prompt"].map { .text($0.text ?? "", $0.node.span) }),
            (
                "toolProfileRef",
                isList ? nil : tools.map { .text(objectName(ofID: $0.text ?? ""), $0.node.span) }
            ),
            ("tools", isList ? tools.map { fitting.tools($0) } : nil),
            ("skillRefs", .list(skills, file["skill_ids"]?.node.span ?? file.mark)),
        ],
        file.node.span
    )
}
