import Domain
import Reconciler
import Telemetry
import Threads

/// Gives back now and then what a first load or a long list has freed: it is several times what is kept.
func giveBackMemory() async {
    while true {
        // It fails when the program ends.
        do { try await ContinuousClock().sleep(for: .seconds(30)) } catch { return }
        releaseFreeMemory()
    }
}

/// A controller whose looks are timed.
func timed(
    _ kind: ControlledKind,
    _ controller: @escaping ReconcileLoop.Controller
) -> ReconcileLoop.Controller {
    { claimed in
        let start = ContinuousClock.now
        let outcome = await controller(claimed)
        time("agirunner_reconcile", [("kind", kind.rawValue)], start.duration(to: .now))
        return outcome
    }
}
