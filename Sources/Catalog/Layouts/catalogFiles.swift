package import Domain

/// One file of a catalog as it is written from objects.
package struct CatalogFile: Sendable, Hashable {
    /// Path below the catalog's root.
    package let path: String
    package let text: String
}

/// The files of a community catalog, from the objects that were loaded from one: manifests, playbooks with
/// their READMEs, specialists, skills, tool profiles and categories.
///
/// *Shape*: sorted by path. Every field has the value that the catalog gave it, or the one that the object
/// has by now; comments, styles of quoting and the order of keys are those of the writer.
package func catalogFiles(of objects: [Object]) -> [CatalogFile] {
    var writer = CatalogWriter(objects)
    return writer.files().sorted { $0.path < $1.path }
}

private struct CatalogWriter {
    private let objects: [(object: Object, record: CatalogRecord)]
    private let displayNames: [String: String]
    private var result: [CatalogFile] = []

    init(_ objects: [Object]) {
        self.objects = objects.compactMap { object in CatalogRecord(object).map { (object, $0) } }
            .sorted { ($0.record.position, $0.object.key) < ($1.record.position, $1.object.key) }
        let roles = objects.filter { $0.kind == "Role" }
        displayNames = Dictionary(
            roles.map { ($0.metadata.name, $0.spec?["displayName"]?.string ?? $0.metadata.name) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    mutating func files() -> [CatalogFile] {
        for type in CatalogType.allCases { writeManifest(type) }
        let profiles = objects.filter { $0.object.kind == "ToolProfile" }.map {
            $0.record.restored("file", given: toolProfileFile(of: $0.object))
        }
        write(profiles, as: "tool_profiles", to: CommunityCatalog.toolProfilesPath)
        writeCategories()
        return result
    }

    private mutating func writeManifest(_ type: CatalogType) {
        var entries: [Value] = []
        for (object, record) in objects where object.kind == type.kind {
            let file: Value
            switch type {
            case .playbook: file = playbookFile(of: object) { displayNames[$0] ?? $0 }
            case .specialist: file = specialistFile(of: object)
            case .skill: file = [:]
            }
            entries.append(record.restored("entry", given: catalogEntry(of: object, file: file)))
            if type == .skill {
                result.append(CatalogFile(path: record.path, text: skillText(of: object, record)))
            } else {
                let value = record.restored("file", given: file)
                result.append(CatalogFile(path: record.path, text: YAMLText.document(value, order: keyOrder)))
            }
            guard let readme = object.metadata.annotations?[CatalogRecord.readme] else { continue }
            result.append(CatalogFile(path: readmePath(beside: record.path), text: readme))
        }
        write(entries, as: type.list, to: type.manifest)
    }

    private mutating func writeCategories() {
        var found: [Int64: Value] = [:]
        for category in objects.flatMap({ $0.record.members["category"]?.array ?? [] }) {
            if let position = category["position"]?.integer { found[position] = category["value"] }
        }
        let values = found.sorted { $0.key < $1.key }.map(\.value)
        write(values, as: "categories", to: CommunityCatalog.categoriesPath)
    }

    private mutating func write(_ values: [Value], as list: String, to path: String) {
        guard !values.isEmpty else { return }
        let text = YAMLText.document(.object([list: .array(values)]), order: keyOrder)
        result.append(CatalogFile(path: path, text: text))
    }
}

/// The keys of a catalog's files, in the order that the public catalog has them.
private let keyOrder = [
    "id", "slug", "version", "name", "author", "title", "category", "stability", "required", "summary",
    "description", "default_stability", "outcome", "goal", "involves", "guidance", "lifecycle", "tags",
    "allowed_tools", "tools", "specialist_ids", "skill_ids", "definition", "process_instructions",
    "parameters", "roles", "stages", "board", "orchestrator", "system_prompt", "path",
]

/// What the object of a playbook gives of its file.
func playbookFile(of object: Object, displayName: (String) -> String) -> Value {
    let spec = object.spec ?? [:]
    let notes = object.metadata.annotations
    let roles = (spec["roles"]?.array ?? []).compactMap(\.string)
    let id = Value.string(object.metadata.name)
    let stages = (spec["stages"]?.array ?? []).map { stage -> Value in
        // Who judges by a Policy is involved as well.
        let involved = (stage["assessedBy"]?.array ?? []) + (stage["roles"]?.array ?? [])
        return .members([
            "name": stage["name"], "goal": stage["goal"], "guidance": stage["guidance"],
            "involves": involved.isEmpty ? nil : .strings(involved.compactMap(\.string).map(displayName)),
        ])
    }
    let parameters = (spec["parameters"]?.array ?? []).map {
        Value.members(["slug": $0["name"], "title": $0["title"], "required": $0["required"]])
    }
    let tags = notes?[CatalogRecord.tags].map { $0.split(separator: ", ").map(String.init) }
    return .members([
        "id": id, "slug": id, "version": spec["version"], "name": spec["displayName"],
        "author": notes?[CatalogRecord.author].map(Value.string),
        "category": object.metadata.labels?[CatalogRecord.category].map(Value.string),
        "stability": object.metadata.labels?[CatalogRecord.stability].map(Value.string),
        "description": spec["summary"], "outcome": spec["outcome"], "lifecycle": spec["lifecycle"],
        "tags": tags.map { .strings($0) }, "specialist_ids": .strings(roles),
        "definition": .members([
            "outcome": spec["outcome"], "process_instructions": spec["instructions"],
            "parameters": .array(parameters), "roles": .strings(roles.map(displayName)),
            "stages": .array(stages), "lifecycle": spec["lifecycle"],
            "orchestrator": orchestrator(spec["limits"] ?? [:]),
        ]),
    ])
}

private func orchestrator(_ limits: Value) -> Value {
    .members([
        "max_rework_iterations": limits["reworkPerTask"], "max_active_tasks": limits["activeTasks"],
        "max_active_tasks_per_work_item": limits["activeTasksPerWorkItem"],
        "allow_parallel_work_items": .bool(limits["parallelWorkItems"] != 1),
    ])
}

/// What the object of a specialist gives of its file.
func specialistFile(of object: Object) -> Value {
    let spec = object.spec ?? [:]
    return .members([
        "id": .string(object.metadata.name), "name": spec["displayName"],
        "category": object.metadata.labels?[CatalogRecord.category].map(Value.string),
        "stability": object.metadata.labels?[CatalogRecord.stability].map(Value.string),
        "description": spec["description"], "allowed_tools": spec["toolProfileRef"] ?? spec["tools"],
        "skill_ids": spec["skillRefs"] ?? [], "system_prompt": spec["prompt"],
    ])
}

/// What the object of a tool profile gives of its entry.
func toolProfileFile(of object: Object) -> Value {
    .members([
        "id": .string(object.metadata.name), "description": object.spec?["description"],
        "tools": object.spec?["tools"],
    ])
}

/// What an object and its file give of its entry in a manifest.
func catalogEntry(of object: Object, file: Value) -> Value {
    let record = CatalogRecord(object)
    let isSkill = object.kind == "Skill"
    return .members([
        "id": file["id"] ?? .string(object.metadata.name), "name": object.spec?["displayName"],
        "author": file["author"], "version": file["version"],
        "category": object.metadata.labels?[CatalogRecord.category].map(Value.string),
        "stability": object.metadata.labels?[CatalogRecord.stability].map(Value.string),
        "summary": isSkill ? object.spec?["summary"] : file["description"],
        "specialist_ids": file["specialist_ids"], "skill_ids": file["skill_ids"],
        "path": record.map { .string($0.path) },
    ])
}

/// The text of a skill's file.
func skillText(of object: Object, _ record: CatalogRecord) -> String {
    let body = record.members["body"]?.string ?? object.spec?["body"]?.string ?? ""
    if let head = record.members["head"]?.string { return head + body }
    let head = YAMLText.document(
        .members([
            "name": .string(object.metadata.name),
            "description": object.metadata.annotations?[CatalogRecord.whenToUse].map(Value.string),
        ]),
        order: keyOrder
    )
    return "---\n\(head)---\n\n\(body)"
}
