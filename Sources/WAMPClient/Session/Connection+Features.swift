import NIOCore
import WAMP

/// Requests that are sent only if the router has the feature.
extension Connection {
    /// The options that this router can take, or the reason why the request must not be sent.
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

    /// Whether the router understands CANCEL.
    var canCancel: Bool { self.features?.hasCallCanceling == true }

    /// A call's options, with its timeout for a dealer that also keeps time: it can interrupt the callee when we no
    /// longer can.
    func timed(_ options: CallOptions, _ timeout: TimeAmount) -> CallOptions {
        var options = options
        options.timeout = self.features?.hasCallTimeout == true ? max(timeout.nanoseconds / 1_000_000, 1) : nil
        return options
    }

    /// Cancels a call; see `Session.cancel`.
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
