/// The file of a Workflow that runs a playbook; `more` are further lines of its spec.
package func workflowFile(_ name: String, playbook: String, more: [String] = []) -> String {
    let lines = [
        "apiVersion: agirunner.dev/v1", "kind: Workflow", "metadata:", "  name: \(name)", "spec:",
        "  playbookRef:", "    name: \(playbook)",
    ]
    return (lines + more.map { "  " + $0 }).joined(separator: "\n") + "\n"
}
