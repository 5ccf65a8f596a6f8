package import Domain

/// The status of the declared Workflow, as `get -o yaml` shows it.
package func workflowStatus(of run: Run, pins: Pins) throws -> Value {
    var status = try Value(encoding: run.workflow).object ?? [:]
    for key in ["uid", "name", "namespace", "ordinal", "createdAt", "desired", "parameters"] {
        status[key] = nil
    }
    status["uses"] = .strings(pins.uses)
    status["startedAt"] = .string(run.workflow.createdAt.description)
    status["stages"] = .array(
        run.stages.map { stage in
            .members([
                "name": .string(stage.name), "state": .string(stage.state.rawValue),
                "cycles": .integer(Int64(stage.cycles)), "reason": stage.reason.map(Value.string),
            ])
        }
    )
    status["openGates"] = .array(
        run.gates.filter { $0.state == .awaiting }.map { gate in
            [
                "name": .string(gate.name), "stage": .string(gate.stage), "question": .string(gate.question),
                "digest": .string(gate.digest.text), "approvers": .strings(gate.approvers),
            ]
        }
    )
    status["openEscalations"] = .array(
        run.escalations.filter { $0.state == .open }.map { escalation in
            .members([
                "name": .string(escalation.name), "reason": .string(escalation.reason),
                "question": .string(escalation.question), "task": escalation.task.map(Value.string),
            ])
        }
    )
    return .object(status)
}
