internal import Domain

extension Shape {
    static let workItem = Shape(
        "WorkItem",
        "A piece of work that an ongoing run is given.",
        // Those of the items that controllers make; a declared one shows in them what it has.
        columns: [
            Column("Stage", "status.stage", else: "spec.stage"),
            Column("State", "status.state", else: "status.conditions.Ready.reason"),
            Column("Next", "status.nextActor"),
            Column("Rework", "status.reworkCount", isInteger: true),
        ],
        spec: newWorkItem
    )

    /// What a run is given, by a file or by a Trigger.
    static let newWorkItem: Fields = [
        .required("workflowRef", .reference("Workflow"), "The run, whose playbook is an ongoing one."),
        .required("stage", .format(.dnsLabel), "The stage of the playbook that it comes into."),
        .required("title", .line(), "What people call it."),
        .required("goal", .prose(2000), "What is true when it is done."),
        .required("acceptance", .prose(), "How one sees that it is done."),
        .optional("role", .format(.dnsLabel), "The role that delivers it; absent: the roles of the stage."),
        .defaulted("priority", .integer(-1000...1000), 0, "Which item is served first; higher first."),
        .optional("parentRef", .reference("WorkItem"), "The declared item that it is a part of."),
    ]
}
