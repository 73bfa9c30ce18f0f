import Functions
import NIOCore
import Names
import SidecarConfiguration

extension Callee {
    /// A call has been answered, or can't be any more: it is counted, and reported if such calls are.
    func count(_ call: ProcedureCall, _ kind: CallResultKind, at now: NIODeadline) {
        let time = now - call.arrived
        call.route.slot.callEnded(kind, after: time)
        guard self.tracing.isReported(time) else { return }
        self.trace(
            call.route, call.facts.caller, CallEnd(kind: kind, failure: call.failure, rows: call.rows), after: time)
    }

    /// The same for a call that was refused when it came.
    func count(_ failure: CallFailure, of route: ProcedureRoute, by caller: Caller) {
        let kind = CallResultKind(error: failure.uri)
        route.slot.callEnded(kind, after: .zero)
        guard self.tracing.isReported(.zero) else { return }
        self.trace(route, caller, CallEnd(kind: kind, failure: failure, rows: 0), after: .zero)
    }

    private struct CallEnd {
        let kind: CallResultKind
        let failure: CallFailure?
        let rows: Int
    }

    private func trace(_ route: ProcedureRoute, _ caller: Caller, _ end: CallEnd, after time: TimeAmount) {
        let called =
            switch route.mapping.match {
            case .exact: String?.none
            case .prefix, .wildcard: caller.procedure.map { String(buffer: $0) }
            }
        self.observer(
            .callEnded(
                CallTrace(
                    procedure: route.uri.text, called: called, duration: time, isSlow: self.tracing.isSlow(time),
                    rows: end.rows, result: end.kind.rawValue, error: end.failure?.uri.text,
                    sqlstate: end.failure?.sqlstate)))
    }
}
