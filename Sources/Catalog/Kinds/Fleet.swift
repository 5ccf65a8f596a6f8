internal import Domain

extension Shape {
    static let fleet = Shape(
        "Fleet",
        "The bounds of all runtimes of an installation, which has at most one.",
        columns: [Column("Runtimes", "spec.maxRuntimes"), Column("Tasks", "spec.maxTasks")]
            + Column.readiness,
        spec: [
            .required("maxRuntimes", .integer(0...100_000), "How many runtimes there may be, of all pools."),
            .optional("maxTasks", .integer(0...1_000_000), "How many tasks may run at once."),
            .defaulted(
                "starvationAfter",
                .duration(atLeast: .seconds(1)),
                "180s",
                "How long a pool may have work and no runtime before others make room."
            ),
            .defaulted(
                "hungAfter",
                .duration(atLeast: .seconds(1)),
                "180s",
                "How long a runtime may be silent before it is replaced."
            ),
            .defaulted(
                "bootDeadline",
                .duration(atLeast: .seconds(1)),
                "60s",
                "How long a runtime may take to come up."
            ),
        ]
    )
}
