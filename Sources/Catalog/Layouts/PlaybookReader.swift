internal import Domain

/// Makes the spec of a Playbook from a playbook of a catalog.
struct PlaybookReader {
    let roles: PlaybookRoles
    var fitting: CatalogFitting
    private var stageNames: Set<String> = []

    init(roles: PlaybookRoles, fitting: CatalogFitting) {
        self.roles = roles
        self.fitting = fitting
    }

    /// Whether a file is as its schema has it; reports it otherwise.
    static func isGood(_ file: Place, _ findings: inout Findings) -> Bool {
        let before = findings.errorCount
        _ = findings.read(file.without(["definition"]), as: .object(CatalogFields.playbook))
        guard let definition = file["definition"] else {
            findings.reportMissing("definition", in: file, "must be present")
            return false
        }
        // The schema lets a definition have any other key.
        _ = findings.read(definition, as: .object(CatalogFields.definition), unknown: .ignored)
        if let slug = file["slug"], slug.text != file["id"]?.text {
            findings.report(.otherSlug, slug, "must be the id, which is '\(file["id"]?.text ?? "")'")
        }
        return findings.errorCount == before
    }

    mutating func spec(_ file: Place, _ definition: Place) -> YAMLNode {
        for key in ["lifecycle", "outcome"] {
            guard let inner = definition[key], inner.text != file[key]?.text else { continue }
            fitting.warn(
                .otherCopy,
                inner,
                "should be what the playbook says as \(key), which is what counts"
            )
        }
        fitting.warnOfOthers(definition, CatalogFields.definition, except: ["board"])
        fitting.warnOfOthers(definition["orchestrator"], CatalogFields.orchestrator)
        let list = roles.ids.map { YAMLNode.text($0.name, $0.place.node.span) }
        let instructions = definition["process_instructions"]?.node
        return .mapping(
            [
                ("displayName", file["name"].map { fitting.line($0, limit: 200, instead: "-") }),
                ("version", file["version"].map { fitting.name($0, versionText($0.text ?? "")) }),
                ("outcome", file["outcome"].map { .text($0.text ?? "", $0.node.span) }),
                ("summary", file["description"].map { .text($0.text ?? "", $0.node.span) }),
                ("lifecycle", file["lifecycle"]?.node),
                ("parameters", definition["parameters"].map { parameters($0) }),
                ("roles", .list(list, file["specialist_ids"]?.node.span ?? file.mark)),
                ("stages", definition["stages"].map { stages($0) }),
                ("instructions", instructions.map { .text($0.text ?? "", $0.span) }),
                ("limits", definition["orchestrator"].map { limits($0) }),
            ],
            file.node.span
        )
    }

    private mutating func parameters(_ list: Place) -> YAMLNode {
        var taken = Set(
            list.elements.compactMap { $0["slug"]?.text }.filter(TextFormat.parameterName.accepts)
        )
        let nodes = list.elements.enumerated().map { index, place in
            fitting.warnOfOthers(place, CatalogFields.parameter)
            let given = place["slug"]?.text ?? place["title"]?.text ?? ""
            let name = parameterName(given, position: index, among: taken)
            taken.insert(name)
            let title = place["title"].map { fitting.line($0, limit: 255, instead: name) }
            if place["slug"] == nil {
                fitting.warn(.reshaped, place, "has no slug and is called '\(name)' here")
            }
            return YAMLNode.mapping(
                [
                    ("name", place["slug"].map { fitting.name($0, name) } ?? .text(name, place.mark)),
                    ("title", title ?? .text(name, place.mark)), ("required", place["required"]?.node),
                ],
                place.node.span
            )
        }
        return .list(nodes, list.node.span)
    }

    private mutating func stages(_ list: Place) -> YAMLNode {
        guard !list.elements.isEmpty else {
            // A playbook without stages is one piece of work for all of its roles.
            fitting.warn(.reshaped, list, "is empty; here the playbook has the one stage 'work'")
            let roles = roles.ids.map { YAMLNode.text($0.name, list.node.span) }
            return .list(
                [
                    .mapping(
                        [
                            ("name", .text("work", list.node.span)),
                            ("goal", .text("The outcome is reached.", list.node.span)),
                            ("roles", .list(roles, list.node.span)),
                        ],
                        list.node.span
                    )
                ],
                list.node.span
            )
        }
        stageNames = Set(list.elements.compactMap { $0["name"]?.text }.filter(isDNSLabel))
        let nodes = list.elements.enumerated().map { stage($1, position: $0) }
        return .list(nodes, list.node.span)
    }

    private mutating func stage(_ place: Place, position: Int) -> YAMLNode {
        fitting.warnOfOthers(place, CatalogFields.stage)
        let given = place["name"]?.text ?? ""
        let name = stageName(given, position: position, among: stageNames)
        stageNames.insert(name)
        if place["name"] == nil { fitting.warn(.reshaped, place, "has no name and is called '\(name)' here") }
        if place["goal"] == nil { fitting.warn(.reshaped, place, "has no goal; here it is '\(name)'") }
        let involved = place.list("involves").compactMap { role -> YAMLNode? in
            role.text.flatMap { roles.byDisplayName[$0] }.map { .text($0, role.node.span) }
        }
        var seen: Set<String> = []
        let unique = involved.filter { seen.insert($0.text ?? "").inserted }
        let goal = place["goal"].map { fitting.prose($0, limit: 4000, instead: name) }
        let guidance = place["guidance"].flatMap { guidance in
            guidance.text?.isEmpty == true ? nil : fitting.prose(guidance, limit: 20_000, instead: "")
        }
        return .mapping(
            [
                ("name", place["name"].map { fitting.name($0, name) } ?? .text(name, place.mark)),
                ("goal", goal ?? .text(name, place.mark)), ("guidance", guidance),
                ("roles", place["involves"].map { .list(unique, $0.node.span) }),
            ],
            place.node.span
        )
    }

    private mutating func limits(_ place: Place) -> YAMLNode {
        // One at a time is what a catalog can say; more than one is no limit here.
        let parallel = place["allow_parallel_work_items"]
        let isSingle = parallel != nil && parallel?.isTrue == false
        return .mapping(
            [
                ("reworkPerTask", fitting.number(place["max_rework_iterations"], 0...1000)),
                ("activeTasks", fitting.number(place["max_active_tasks"], 1...1000)),
                (
                    "activeTasksPerWorkItem",
                    fitting.number(place["max_active_tasks_per_work_item"], 1...1000)
                ),
                ("parallelWorkItems", isSingle ? parallel.map { .plain("1", $0.node.span) } : nil),
                ("iterationsPerTask", fitting.number(place["max_iterations"], 1...100_000)),
                ("modelRetries", fitting.number(place["llm_max_retries"], 0...100)),
            ],
            place.node.span
        )
    }
}
