internal import Domain

extension Shape {
    static let toolProfile = Shape(
        "ToolProfile",
        "A named set of tools with bounds on what they may do.",
        columns: [Column("Description", "spec.description", isWide: true)] + Column.readiness,
        spec: [
            .required("description", .prose(2000), "What one can do with it."),
            .required("tools", .names(.toolName, minimum: 1), "The names of the tools."),
            .defaulted("shell", .object(shell), [:], "Which commands the shell tool may run."),
            .defaulted("paths", .object(paths), [:], "Which files may be written."),
        ]
    )

    private static let shell: Fields = [
        .defaulted(
            "allow",
            .list(.line(), isUnique: true),
            [],
            "Commands that may run; empty: every command."
        ),
        .defaulted("deny", .list(.line(), isUnique: true), [], "Commands that may not run."),
    ]

    private static let paths: Fields = [
        .defaulted(
            "write",
            .names(.glob),
            [],
            "Path patterns of file_write and file_edit, not of the shell; empty: every path."
        )
    ]
}
