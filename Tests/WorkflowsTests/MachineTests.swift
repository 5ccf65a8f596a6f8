import Domain
import Testing
import Workflows

/// The tables of the design (lifecycle §1), written down once more by hand, so that a slip in code shows.
private let designedTask: [TaskState: Set<TaskState>] = [
    .pending: [.ready, .awaitingApproval, .cancelled],
    .awaitingApproval: [.ready, .cancelled],
    .ready: [.claimed, .pending, .cancelled],
    .claimed: [.inProgress, .ready, .failed, .escalated, .cancelled],
    .inProgress: [.completed, .outputPendingAssessment, .escalated, .ready, .failed, .cancelled],
    .outputPendingAssessment: [.completed, .ready, .failed, .cancelled],
    .escalated: [.ready, .completed, .failed, .cancelled],
    .failed: [.ready, .escalated, .cancelled],
    .completed: [.ready],
    .cancelled: [],
]

@Suite struct MachineTests {
    /// Walks every arrow of a machine and compares the arrows with the design's.
    private func walk<State: Hashable & CaseIterable, Event>(
        _ machine: Machine<State, Event>,
        designed: [State: Set<State>]
    ) {
        for state in State.allCases {
            let events = machine.legalEvents(in: state)
            let walked = Set(events.compactMap { machine.target(of: $0, in: state) })
            #expect(walked == designed[state] ?? [], "from \(state)")
        }
        for event in Event.allCases {
            #expect(machine.table[event]?.isEmpty == false, "\(event) leads nowhere")
        }
    }

    @Test func `every arrow of the task machine is walked and is the design's`() {
        walk(Machines.task, designed: designedTask)
    }

    @Test func `every arrow of the attempt machine is walked and is the design's`() {
        walk(Machines.attempt, designed: [.live: [.completed, .failed, .parked, .lost, .cancelled]])
    }

    @Test func `every arrow of the stage machine is walked and is the design's`() {
        walk(
            Machines.stage,
            designed: [
                .pending: [.active], .active: [.awaitingGate, .completed, .blocked, .pending],
                .awaitingGate: [.completed, .active, .blocked, .pending], .blocked: [.active, .pending],
                .completed: [.active, .pending],
            ]
        )
    }

    @Test func `every arrow of the gate machine is walked and is the design's`() {
        walk(
            Machines.gate,
            designed: [.awaiting: [.approved, .rejected, .changesRequested, .blocked, .expired, .superseded]]
        )
    }

    @Test func `every arrow of the escalation machine is walked and is the design's`() {
        walk(Machines.escalation, designed: [.open: [.answered, .cancelled]])
    }

    @Test func `every arrow of the work item machine is walked and is the design's`() {
        walk(
            Machines.workItem,
            designed: [
                .open: [.blocked, .escalated, .completed, .cancelled], .blocked: [.open, .cancelled],
                .escalated: [.open, .cancelled], .completed: [.open],
            ]
        )
    }

    @Test func `every arrow of the workflow machine is walked and is the design's`() {
        walk(
            Machines.workflow,
            designed: [
                .pending: [.active, .paused, .cancelled],
                .active: [.paused, .completed, .failed, .cancelled],
                .paused: [.active, .failed, .cancelled],
            ]
        )
    }

    @Test func `terminal phases are final`() {
        for phase in WorkflowPhase.allCases where phase.isTerminal {
            #expect(Machines.workflow.legalEvents(in: phase).isEmpty)
        }
    }
}

extension Machine {
    fileprivate func legalEvents(in state: State) -> [Event] {
        Event.allCases.filter { target(of: $0, in: state) != nil }
    }
}
