/// What a table of a live kind shows between the name and the age; of a declared one its description says it.
package func tableColumns(kind: String) -> [TableColumn] {
    switch kind {
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
    default: []
    }
}

private func status(_ title: String, _ key: String, type: String = "string", priority: Int = 0) -> TableColumn
{
    TableColumn(title: title, path: ["status", key], type: type, priority: priority)
}
