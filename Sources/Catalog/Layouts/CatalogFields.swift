internal import Domain

/// The fields of the files of a community catalog, as its schemas have them.
///
/// What a schema leaves open is open here, too: a file that its schema allows has no error.
enum CatalogFields {
    private static let huge = SourceText.sizeLimit

    private static func text(_ length: ClosedRange<Int>) -> FieldType {
        .text(TextRule(format: .free, length: length))
    }

    private static let id = FieldType.text(TextRule(format: .catalogID, length: 1...huge))
    private static let ids = FieldType.list(id)
    private static let name = text(1...120)

    static let category: Fields = [
        .required("id", id, "What files name it by."),
        .optional("name", text(0...huge), "What people call it."),
        .optional("description", text(0...huge), "What belongs to it."),
        .optional("default_stability", text(0...huge), "Applied to nothing; every file states its own."),
    ]

    static let toolProfile: Fields = [
        .required("id", id, "What specialists name it by."),
        .optional("description", text(0...huge), "What one can do with it."),
        .required("tools", .list(text(0...huge), minimum: 1), "The names of the tools."),
    ]

    static let entry: Fields = [
        .required("id", id, "What other files name it by."),
        .required("name", name, "What people call it."),
        .optional("author", name, "Who wrote it."),
        .required("category", id, "Its category."),
        .required("path", text(1...huge), "Where its file is."),
        .optional("summary", text(1...500), "What it is for."),
        .optional("stability", .word("stable", "experimental"), "How settled it is."),
        .optional("version", text(1...40), "Its version."),
        .optional("tags", .list(text(0...huge)), "Words to find it by."),
        .optional("specialist_ids", ids, "The specialists of a playbook."),
        .optional("skill_ids", ids, "The skills of a specialist."),
    ]

    /// A playbook without its definition.
    static let playbook: Fields = [
        .required("id", id, "Its name in the catalog."),
        .required("version", text(1...40), "Its version."),
        .required("name", name, "What people call it."),
        .required("author", name, "Who wrote it."),
        .required("slug", id, "Its id once more."),
        .required("category", id, "Its category."),
        .required("stability", .word("experimental"), "How settled it is."),
        .required("description", text(1...1000), "What it is for."),
        .required("outcome", text(1...4000), "What is true when it is done."),
        .required("lifecycle", .word("planned", "ongoing"), "Whether it ends."),
        .optional("tags", .list(text(0...huge)), "Words to find it by."),
        .required("specialist_ids", .list(id, minimum: 1), "The specialists that it needs."),
    ]

    static let definition: Fields = [
        .required("process_instructions", text(1...huge), "What everyone must know."),
        .required("roles", .list(text(0...huge)), "Names of its specialists."),
        .required("stages", .list(.object(stage)), "Its stages, in order."),
        .required("lifecycle", .word("planned", "ongoing"), "Whether it ends."),
        .optional("outcome", text(0...huge), "The outcome once more."),
        .optional("parameters", .list(.object(parameter)), "What a run is given."),
        .optional("board", .object([]), "Columns."),
        .optional("orchestrator", .object(orchestrator), "Limits and texts."),
    ]

    static let stage: Fields = [
        .optional("name", text(0...huge), "Its name."),
        .optional("goal", text(0...huge), "What is true when it is done."),
        .optional("involves", .list(text(0...huge)), "Names of roles that work in it."),
        .optional("guidance", text(0...huge), "How to get there."),
    ]

    static let parameter: Fields = [
        .optional("slug", text(0...huge), "What a run gives it by."),
        .optional("title", text(0...huge), "What is asked for."),
        .optional("required", .boolean, "Whether it must be given."),
    ]

    static let orchestrator: Fields = [
        .optional("max_rework_iterations", .integer(0...Int64.max), "How often a task is worked again."),
        .optional("max_active_tasks", .integer(0...Int64.max), "How many tasks at once."),
        .optional("max_active_tasks_per_work_item", .integer(0...Int64.max), "How many of one item."),
        .optional("allow_parallel_work_items", .boolean, "Whether several items may be open."),
        .optional("max_iterations", .integer(0...Int64.max), "How many turns one task may take."),
        .optional("llm_max_retries", .integer(0...Int64.max), "How often a model call is tried again."),
    ]

    /// A specialist without its tools.
    static let specialist: Fields = [
        .required("id", id, "Its name in the catalog."),
        .required("name", name, "What people and playbooks call it."),
        .required("category", id, "Its category."),
        .required("stability", .word("stable", "experimental"), "How settled it is."),
        .required("description", text(1...1000), "What it does."),
        .required("skill_ids", ids, "Its skills, in order."),
        .required("system_prompt", text(1...huge), "What it is told."),
    ]

    static let toolProfileName = id
    static let toolNames = FieldType.list(text(0...huge), minimum: 1)

    static let frontmatter: Fields = [
        .required("name", name, "Its id."),
        .required("description", text(1...500), "When to use it."),
    ]
}
