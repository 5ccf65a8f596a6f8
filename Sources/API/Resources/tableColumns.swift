/// What a table of a kind shows between the name and the age.
package func tableColumns(kind: String) -> [TableColumn] {
    switch kind {
    case "Workflow": workflowColumns
    case "WorkItem":
        [status("Stage", "stage"), status("State", "state"), status("Next", "nextActor"), rework]
    case "Task":
        [
            status("Stage", "stage"), status("Role", "role"), status("State", "state"),
            status("Revision", "revision", type: "integer"), status("Attempts", "attempts", type: "integer"),
            status("Reason", "reason"), status("Workflow", "workflow", priority: 1),
        ]
    case "Attempt":
        [
            status("Task", "task"), status("State", "state"), status("Worker", "worker"),
            status("Category", "category"), TableColumn(title: "Cost", path: ["status", "usage", "cost"]),
        ]
    case "Gate": [status("Stage", "stage"), status("State", "state"), status("Question", "question")]
    case "Escalation": [status("State", "state"), status("Reason", "reason"), status("Question", "question")]
    case "Handoff":
        [status("Role", "role"), status("Resolution", "resolution"), status("Summary", "summary")]
    case "Worker":
        [status("State", "state"), status("Pool", "pool"), status("Slots", "slots", type: "integer")]
    case "Runtime": [status("State", "state"), status("Pool", "pool"), status("Message", "message")]
    case "Revision": [status("Phase", "phase"), status("Commit", "commit"), status("Message", "message")]
    case "GitSource": readyColumns + [spec("URL", "url"), status("Applied", "appliedCommit")]
    case "SecretStore": [spec("Type", "type")] + readyColumns
    case "Policy": [TableColumn(title: "Source", path: ["spec", "appliesTo", "source"])] + readyColumns
    case "Playbook": [spec("Version", "version"), spec("Outcome", "outcome", priority: 1)] + readyColumns
    case "Decision":
        [
            TableColumn(title: "Target", path: ["spec", "target", "name"]), spec("Action", "action"),
            status("Outcome", "outcome"), status("Reason", "reason"),
        ]
    case "Event": []
    default: readyColumns
    }
}

private let workflowColumns = [
    status("Phase", "phase"), status("Stage", "currentStage"),
    TableColumn(title: "Cost", path: ["status", "spend", "cost"]), status("Reason", "reason", priority: 1),
    condition("Status", "message"),
]

private let readyColumns = [condition("Ready", "status"), condition("Status", "message")]

private let rework = status("Rework", "reworkCount", type: "integer")

private func status(_ title: String, _ key: String, type: String = "string", priority: Int = 0) -> TableColumn
{
    TableColumn(title: title, path: ["status", key], type: type, priority: priority)
}

private func spec(_ title: String, _ key: String, priority: Int = 0) -> TableColumn {
    TableColumn(title: title, path: ["spec", key], priority: priority)
}

private func condition(_ title: String, _ member: String) -> TableColumn {
    TableColumn(title: title, path: ["status", "conditions", "Ready", member])
}
