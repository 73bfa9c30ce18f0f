import NIOCore
import WAMP

/// What is asked of the router only if it has it.
extension Connection {
    /// Options as this router can take them, or why it must not be asked.
    func fit<Options: FeatureOptions>(_ options: Options) -> Result<Options, RequestError> {
        let needs = options.needs
        guard !needs.isEmpty, let judged = self.features?.judge(needs) else { return .success(options) }
        for feature in judged.news {
            self.delegate?.observed(
                .featureMissing(self.url, feature, isAskedFor: self.features?.asksAnyway(for: feature) ?? false))
        }
        switch judged.verdict {
        case .fits: return .success(options)
        case .without(let features): return .success(options.without(features))
        case .refused(let feature): return .failure(.unsupported(feature))
        }
    }

    /// Whether CANCEL is understood.
    var canCancel: Bool { self.features?.hasCallCanceling == true }

    /// A call's options, with its timeout for a dealer that keeps time too: it can tell the callee when we can't any more.
    func timed(_ options: CallOptions, _ timeout: TimeAmount) -> CallOptions {
        var options = options
        options.timeout = self.features?.hasCallTimeout == true ? max(timeout.nanoseconds / 1_000_000, 1) : nil
        return options
    }

    /// Takes a call back; see `Session.cancel`.
    func cancel(_ call: RequestID, mode: CancelMode) {
        self.eventLoop.assertInEventLoop()
        if mode == .kill, self.canceled.contains(call) { return }
        guard self.pending[call] != nil, mode == .kill, self.machine.canCancel(call), self.canCancel else {
            return self.giveUp(call, .canceled, mode: mode == .kill ? .killnowait : mode)
        }
        self.canceled.insert(call)
        _ = self.send(.cancel(Cancel(request: call, mode: .kill)))
        self.deadlines.insert(
            self.eventLoop.now + self.configuration.cancelPatience, call, waiting: self.pending.count,
            isWaiting: { self.pending[$0] != nil })
        self.arm()
    }
}
